import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { clientFiles } from "../_shared/client_import/kind.ts";
import type { Json } from "../_shared/database.types.ts";
import { Mapping } from "../_shared/file_import/columns.ts";
import type { FileKind } from "../_shared/file_import/kind.ts";
import { rowsOfPiece } from "../_shared/file_import/piece.ts";
import type { CellError } from "../_shared/file_import/row.ts";
import { leadFiles } from "../_shared/lead_import/kind.ts";
import type { LeadRow } from "../_shared/lead_import/row.ts";
import { log } from "../_shared/log.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { SheetError } from "../_shared/sheet/error.ts";
import { type Budget, newBudget } from "../_shared/jobs/budget.ts";
import { job } from "../_shared/jobs/job.ts";
import { perItem } from "../_shared/jobs/per_item.ts";

const name = "import-leads";
const longestReason = 1_000;

const Piece = z.object({ position: z.int(), first_row: z.int(), content: z.string() });
type Piece = z.infer<typeof Piece>;

const Claimed = z.object({ id: z.string() });

const Import = z.object({
  id: z.string(),
  kind: z.enum(["leads", "clients"]),
  mapping: Mapping,
  consent: z.object({ occurred_at: z.string().nullable() }).nullable(),
  delimiter: z.string(),
  header_row: z.int(),
  width: z.int(),
  named: z.int(),
  is_unicode: z.boolean(),
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

/** A consent needs its time. */
function consentError({ consent }: Import, lead: LeadRow): string | null {
  return consent !== null && lead.consented && lead.phone !== undefined &&
      lead.consent_at === undefined && consent.occurred_at === null
    ? "consent_at: The time of the consent is missing."
    : null;
}

/** Messages of one row as the error file shows them. */
function reasonOf(messages: readonly CellError[]): string | null {
  if (messages.length === 0) return null;
  return messages.map(({ field, message }) => field ? `${field}: ${message}` : message).join(" ")
    .slice(0, longestReason);
}

/**
 * Parses the pieces of one import into valid rows and errors.
 * @param answer What the database said of the import, with its terms.
 * @param check What is wrong with a record that its cells do not tell.
 */
function pieceReader<T extends object, R extends object>(
  kind: FileKind<T, R>,
  claimed: Import,
  answer: unknown,
  check: (record: R) => string | null,
): (piece: Piece) => { rows: Json[]; errors: { row: number; reason: string; cells: string[] }[] } {
  const { mapping, country, currency, time_zone: timeZone } = claimed;
  const terms = kind.terms.parse(answer);
  const read = kind.reader({ mapping, terms, country, currency, timeZone });
  const form = {
    delimiter: claimed.delimiter,
    headerRow: claimed.header_row,
    width: claimed.width,
    named: claimed.named,
    isUnicode: claimed.is_unicode,
  };
  return (piece: Piece) => {
    const valid: { row: number; record: R; cells: string[]; warning: string | null }[] = [];
    const errorRows: { row: number; reason: string; cells: string[] }[] = [];
    for (const fileRow of rowsOfPiece(piece, form)) {
      const { row, cells } = fileRow;
      const { record, errors, warnings } = read(fileRow);
      const reason = reasonOf(errors) ?? check(record);
      if (reason === null) valid.push({ row, record, cells, warning: reasonOf(warnings) });
      else errorRows.push({ row, reason, cells });
    }
    const repeats = kind.repeats(valid);
    const rows = valid.map(({ row, record, cells, warning }, index) => {
      const round = repeats[index]?.round;
      return {
        row,
        ...record,
        cells,
        ...(warning === null ? {} : { warning }),
        ...(repeats[index] ? { repeats: true } : {}),
        ...(round === undefined ? {} : { round }),
      };
    });
    // Parsed from texts, so this is JSON.
    return { rows: rows as Json[], errors: errorRows };
  };
}

/** Processes an import until it ends, another runner has it, or the budget of this run is spent. */
async function work(db: Client, runner: string, answer: unknown, budget: Budget): Promise<string> {
  const claimed = Import.parse(answer);
  const read = claimed.kind === "clients"
    ? pieceReader(clientFiles, claimed, answer, () => null)
    : pieceReader(leadFiles, claimed, answer, (lead) => consentError(claimed, lead));
  let piece = claimed.piece;
  while (piece !== null) {
    const current: Piece = piece;
    const slice = budget.measure(() => read(current));
    const step = Step.parse(unwrap(
      await budget.measureAsync(() =>
        db.rpc("import_lead_slice", {
          import_id: claimed.id,
          runner,
          from_position: current.position,
          rows: slice.rows,
          errors: slice.errors,
          hand_over: budget.isOver(),
        })
      ),
    ));
    if (step.state !== "running") return step.state;
    piece = step.piece ?? null;
  }
  ensure(
    await db.rpc("fail_lead_import", {
      import_id: claimed.id,
      runner,
      reason: "The file is no longer there",
    }),
  );
  return "failed";
}

/** Works on a claimed import. A file that cannot be read ends it; after any other fault its lease runs out. */
async function workOn(db: Client, runner: string, answer: unknown, budget: Budget) {
  const { id } = Claimed.parse(answer);
  try {
    return await work(db, runner, answer, budget);
  } catch (error) {
    if (!(error instanceof SheetError)) throw error;
    log("warn", "import_unreadable", { import_id: id, code: error.code });
    ensure(
      await db.rpc("fail_lead_import", {
        import_id: id,
        runner,
        reason: error.message.replace(/\.$/, ""),
      }),
    );
    return "failed";
  }
}

async function importLeads(db: Client) {
  await loadPhoneNumbers();
  const runner = crypto.randomUUID();
  const budget = newBudget();
  const results: Record<string, number> = {};
  for (;;) {
    const answer = await db.rpc("claim_lead_import", { runner });
    ensure(answer);
    if (answer.data === null) return results;
    const state = await perItem(
      name,
      { import_id: Claimed.safeParse(answer.data).data?.id },
      () => workOn(db, runner, answer.data, budget),
      () => "set_aside",
    );
    results[state] = (results[state] ?? 0) + 1;
    if (state === "handed_over") return results;
    if (budget.isOver()) {
      // Other imports may be waiting; the next run checks.
      ensure(await db.rpc("invoke_job", { job: name }));
      return results;
    }
  }
}

export function importLeadFiles(app: App) {
  job(app, name, "Imports leads and clients from uploaded files", importLeads);
}
