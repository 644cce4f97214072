import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import type { LogFields } from "../_shared/log.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { formatNamed } from "../_shared/reports/formats.ts";
import { FrozenRun } from "../_shared/reports/run.ts";
import { deleteFiles } from "../_shared/reports/storage.ts";
import { type Budget, newBudget } from "../_shared/jobs/budget.ts";
import { job } from "../_shared/jobs/job.ts";
import { perItem } from "../_shared/jobs/per_item.ts";
import { wholeFormatNamed } from "./report_documents.ts";
import { Claimed, writeFile } from "./report_file.ts";
import { writeSheet } from "./report_sheet.ts";

const Frozen = z.union([
  z.object({ state: z.literal("writing"), run: z.unknown() }),
  z.object({ state: z.enum(["refused", "failed", "moved_on"]) }),
]);

/** The run with its rows frozen, or what became of it instead. */
async function freeze(db: Client, runner: string, id: string): Promise<unknown> {
  const answer = await db.rpc("freeze_report_run", { run_id: id, runner });
  const frozen = Frozen.parse(unwrap(answer));
  return frozen.state === "writing" ? frozen.run : frozen.state;
}

/** Brings a run to its end, or as far as the budget goes. Answers what became of it. */
async function workOn(db: Client, runner: string, budget: Budget, row: unknown): Promise<string> {
  const before = Claimed.parse(row);
  const frozen = before.status === "freezing" ? await freeze(db, runner, before.id) : row;
  if (typeof frozen === "string") return frozen;
  if (before.format === "sheets") return await writeSheet({ db, runner, budget, claimed: frozen });
  const format = formatNamed(before.format) ?? await wholeFormatNamed(before.format);
  if (format === undefined) {
    const reason = "unknown_format";
    const detail = `There is no writer for the format ${before.format}.`;
    ensure(await db.rpc("fail_report_run", { run_id: before.id, runner, reason, detail }));
    return "failed";
  }
  return await writeFile({
    db,
    runner,
    budget,
    claimed: Claimed.parse(frozen),
    run: FrozenRun.parse(frozen),
    format,
  });
}

/**
 * Works on waiting runs until there are none or the budget is spent.
 * @returns how many runs ended in which way, for the log
 */
export async function runReports(db: Client): Promise<LogFields> {
  const runner = crypto.randomUUID();
  const budget = newBudget();
  const results: Record<string, number> = {};
  for (;;) {
    const answer = await db.rpc("claim_report_run", { runner });
    ensure(answer);
    if (answer.data === null) return { ...results, work_ms: Math.round(budget.spent()) };
    const { id } = z.object({ id: z.string() }).parse(answer.data);
    // A fault costs the run an attempt: when its lease has ended, another runner takes it.
    const state = await perItem(
      "run-reports",
      { run_id: id },
      () => workOn(db, runner, budget, answer.data),
      () => "fault",
    );
    results[state] = (results[state] ?? 0) + 1;
    // Who handed a run over has started the job again, and would only claim the same run once more.
    if (state === "handed_over" || budget.isOver()) {
      // Other runs may be waiting; the next run of the job checks.
      if (state !== "handed_over") {
        ensure(await db.rpc("invoke_job", { job: "report-jobs/run-reports" }));
      }
      return { ...results, work_ms: Math.round(budget.spent()) };
    }
  }
}

const Expired = z.array(z.object({ run_id: z.string(), path: z.string() }));
const filesAtOnce = 100;

async function deleteExpired(db: Client) {
  let deleted = 0;
  for (;;) {
    const answer = await db.rpc("expired_report_files", { max_files: filesAtOnce });
    const files = Expired.parse(unwrap(answer));
    if (files.length === 0) return { deleted };
    await deleteFiles(files.map(({ path }) => path));
    ensure(await db.rpc("record_deleted_files", { run_ids: files.map(({ run_id }) => run_id) }));
    deleted += files.length;
  }
}

/** Writes the files of reports, and deletes those that have expired. */
export function reportFiles(app: App) {
  job(app, "run-reports", "Freezes the rows of reports and writes their files", runReports);
  job(app, "delete-report-files", "Deletes files of reports that have expired", deleteExpired);
}
