import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { repetitions, rowsOfPiece } from "../_shared/lead_import/piece.ts";
import { leadReader, type LeadRow } from "../_shared/lead_import/row.ts";
import { Mapping, Terms } from "../_shared/lead_import/terms.ts";
import { log } from "../_shared/log.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { SheetError } from "../_shared/sheet/error.ts";
import { job } from "./job.ts";

/** Milliseconds of a run's own work after which it hands over to a next one: the platform gives a request 2 s of CPU. */
const workMs = 900;
/** And of waiting for the database, far below the platform's limit. */
const runMs = 60_000;
const longestReason = 1_000;

const Piece = z.object({ position: z.int(), first_row: z.int(), content: z.string() });
type Piece = z.infer<typeof Piece>;

const Import = Terms.extend({
  id: z.string(),
  mapping: Mapping,
  consent: z.object({ occurred_at: z.string().nullable() }).nullable(),
  delimiter: z.string(),
  header_row: z.int(),
  width: z.int(),
  country: z.string(),
  currency: z.string(),
  time_zone: z.string(),
  piece: Piece.nullable(),
});
type Import = z.infer<typeof Import>;

const Step = z.object({
  state: z.enum(["running", "done", "moved_on", "failed", "handed_over"]),
  piece: Piece.nullish(),
});

/** A consent without a moment is none. */
function consentFault({ consent }: Import, lead: LeadRow): string | null {
  return consent !== null && lead.consented && lead.phone !== undefined &&
      lead.consent_at === undefined && consent.occurred_at === null
    ? "consent_at: When the consent was given is missing."
    : null;
}

/** Reads the pieces of one import: what is to be stored, and which rows cannot be. */
function pieceReader(wanted: Import) {
  const { mapping, fields, stages, country, currency, time_zone: timeZone } = wanted;
  const read = leadReader({ mapping, terms: { fields, stages }, country, currency, timeZone });
  const form = { delimiter: wanted.delimiter, headerRow: wanted.header_row, width: wanted.width };
  return (piece: Piece) => {
    const good: { row: number; lead: LeadRow; cells: string[] }[] = [];
    const faults: { row: number; reason: string; cells: string[] }[] = [];
    for (const { row, cells } of rowsOfPiece(piece, form)) {
      const { row: lead, errors } = read(cells);
      const reason = errors.length > 0
        ? errors.map(({ field, message }) => field ? `${field}: ${message}` : message).join(" ")
        : consentFault(wanted, lead);
      if (reason === null) good.push({ row, lead, cells });
      else faults.push({ row, reason: reason.slice(0, longestReason), cells });
    }
    const repeated = repetitions(good);
    const rows = good.map(({ row, lead, cells }, index) => ({
      row,
      ...lead,
      cells,
      ...(repeated[index] ? { twins: true } : {}),
    }));
    return { rows, faults };
  };
}

/** Works on an import until it ends, somebody else works on it, or this run has done its share. */
async function work(db: Client, runner: string, wanted: Import, spend: Budget): Promise<string> {
  const read = pieceReader(wanted);
  let piece = wanted.piece;
  while (piece !== null) {
    const current: Piece = piece;
    const slice = spend.measure(() => read(current));
    const step = Step.parse(unwrap(
      await spend.measureAsync(() =>
        db.rpc("import_lead_slice", {
          import_id: wanted.id,
          runner,
          from_position: current.position,
          rows: slice.rows,
          faults: slice.faults,
          reassign_open_work: spend.isOver(),
        })
      ),
    ));
    if (step.state !== "running") return step.state;
    piece = step.piece ?? null;
  }
  ensure(
    await db.rpc("fail_lead_import", {
      import_id: wanted.id,
      runner,
      reason: "The file is no longer there",
    }),
  );
  return "failed";
}

interface Budget {
  measure<T>(task: () => T): T;
  /** Counts what happens before the first wait: making the request. */
  measureAsync<T>(task: () => PromiseLike<T>): Promise<T>;
  isOver(): boolean;
}

function budget(): Budget {
  const ends = Date.now() + runMs;
  let spent = 0;
  return {
    measure(task) {
      const started = performance.now();
      try {
        return task();
      } finally {
        spent += performance.now() - started;
      }
    },
    async measureAsync(task) {
      const started = performance.now();
      const promise = task().then((value) => value);
      spent += performance.now() - started;
      return await promise;
    },
    isOver: () => spent > workMs || Date.now() > ends,
  };
}

async function importLeads(db: Client) {
  await loadPhoneNumbers();
  const runner = crypto.randomUUID();
  const spend = budget();
  const results: Record<string, number> = {};
  for (;;) {
    const claimed = await db.rpc("claim_lead_import", { runner });
    ensure(claimed);
    if (claimed.data === null) return results;
    const wanted = Import.parse(claimed.data);
    let state: string;
    try {
      state = await work(db, runner, wanted, spend);
    } catch (error) {
      if (!(error instanceof SheetError)) throw error;
      log("warn", "import_unreadable", { import_id: wanted.id, code: error.code });
      ensure(
        await db.rpc("fail_lead_import", {
          import_id: wanted.id,
          runner,
          reason: error.message.replace(/\.$/, ""),
        }),
      );
      state = "failed";
    }
    results[state] = (results[state] ?? 0) + 1;
    if (state === "handed_over") return results;
    if (spend.isOver()) {
      // Others may wait; the next run finds out.
      ensure(await db.rpc("invoke_job", { job: "import-leads" }));
      return results;
    }
  }
}

export function importLeadFiles(app: App) {
  job(app, "import-leads", "Imports leads from uploaded files", importLeads);
}
