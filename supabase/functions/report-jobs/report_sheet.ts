import { z } from "../_shared/zod.ts";
import type { Client } from "../_shared/clients.ts";
import { GoogleError } from "../_shared/google/error.ts";
import { type Sheets, sheetsOf, type Tab } from "../_shared/google/sheets.ts";
import { ServiceAccount } from "../_shared/google/token.ts";
import type { Budget } from "../_shared/jobs/budget.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { type FrozenRow, FrozenRun } from "../_shared/reports/run.ts";
import { sheetSlice } from "../_shared/reports/spreadsheet_cells.ts";
import {
  draftRequests,
  draftTitle,
  headValues,
  reportTabId,
  type SheetRun,
  swapRequests,
} from "../_shared/reports/spreadsheet_tabs.ts";
import { afterFailure, endSheet, failSheet, integrationType } from "./report_sheet_end.ts";

/** What is kept between slices: where the next one goes, and where the total is. */
const Written = z.object({ row: z.int(), totalRow: z.int().nullable() });
type Written = z.infer<typeof Written>;

/** A run with its rows frozen, of which some may be in the spreadsheet already. */
const ClaimedSheet = FrozenRun.extend({
  organization_id: z.string(),
  spreadsheet_id: z.string(),
  frozen_rows: z.int(),
  tab_key: z.string(),
  position: z.int(),
  state: z.object({ writer: Written }).nullable(),
});
type ClaimedSheet = z.infer<typeof ClaimedSheet>;

/** What a runner has to do with a run. */
export interface SheetWork {
  db: Client;
  runner: string;
  budget: Budget;
  /** The result of `private.claimed_report_run` once the rows are frozen. */
  claimed: unknown;
}

interface Running extends SheetWork {
  run: ClaimedSheet & SheetRun;
  sheets: Sheets;
}

const rowsPerSlice = 5_000;

const Step = z.object({
  state: z.enum(["writing", "handed_over", "moved_on", "too_large", "refused"]),
  rows: z.array(z.custom<FrozenRow>(Array.isArray)).default([]),
});

/** What is in the spreadsheet since the cursor was moved last. */
interface Progress {
  position: number;
  rows: number;
  state: Written;
  cpu_ms: number;
}

/** Moves the cursor to what is in the spreadsheet, or only reads; answers the rows that follow. */
async function keep(
  { db, runner, budget, run }: Running,
  from: number,
  progress: Progress | null,
) {
  const kept = progress && { ...progress, state: { writer: progress.state, ended: false } };
  const answer = await db.rpc("write_report_slice", {
    run_id: run.id,
    runner,
    from_position: from,
    progress: kept ?? {},
    slice_rows: rowsPerSlice,
    hand_over: budget.isOver(),
  });
  return Step.parse(unwrap(answer));
}

/** Changes the tabs, unless that is done: by a runner that was killed, or that was slow and taken for dead. */
async function changeTabs(
  { run, sheets }: Running,
  requestsFor: (tabs: readonly Tab[]) => object[],
): Promise<void> {
  const requests = requestsFor(await sheets.tabs(run.spreadsheet_id));
  if (requests.length === 0) return;
  try {
    await sheets.batch(run.spreadsheet_id, requests);
  } catch (error) {
    if (!(error instanceof GoogleError) || error.failure !== "invalid") throw error;
    if (requestsFor(await sheets.tabs(run.spreadsheet_id)).length > 0) throw error;
  }
}

/** Makes the hidden tabs and their headings. Done again, it changes nothing. */
async function begin(work: Running): Promise<Written> {
  const { run, sheets } = work;
  await changeTabs(work, (tabs) => draftRequests(run, tabs));
  await sheets.write(run.spreadsheet_id, headValues(run));
  return { row: 2, totalRow: null };
}

/** Writes rows, as many as one request takes, to their fixed range. */
async function writeRows(
  work: Running,
  written: Written,
  rows: readonly FrozenRow[],
): Promise<Progress> {
  const { run, sheets, budget } = work;
  const before = budget.spent();
  const slice = budget.measure(() =>
    sheetSlice(run, rows, { tab: draftTitle(run), row: written.row })
  );
  const { data } = slice;
  if (data !== null) {
    await budget.measureAsync(() => sheets.write(run.spreadsheet_id, [data]));
  }
  const state: Written = { row: slice.nextRow, totalRow: slice.totalRow ?? written.totalRow };
  const cpu_ms = Math.round(budget.spent() - before);
  return { position: slice.position, rows: slice.rows, state, cpu_ms };
}

/** Shows the new tabs in the place of the old ones and ends the run. */
async function finish(work: Running, { totalRow }: Written): Promise<string> {
  await changeTabs(work, (tabs) => swapRequests(work.run, tabs, totalRow));
  return await endSheet(work, reportTabId(work.run));
}

async function write(work: Running): Promise<string> {
  const { run } = work;
  let { position } = run;
  let written = run.state?.writer;
  let progress: Progress | null = null;
  if (written === undefined) {
    written = await begin(work);
    progress = { position, rows: 0, state: written, cpu_ms: 0 };
  }
  for (;;) {
    const step = await keep(work, position, progress);
    if (step.state !== "writing") return step.state;
    position = progress?.position ?? position;
    if (step.rows.length === 0) return await finish(work, written);
    progress = await writeRows(work, written, step.rows);
    written = progress.state;
  }
}

/** Writes what is missing of a run into its spreadsheet, or as much as the budget allows. Answers what became of it. */
export async function writeSheet(work: SheetWork): Promise<string> {
  const run = ClaimedSheet.parse(work.claimed);
  const holder = { ...work, run };
  const answer = await work.db.rpc("integration_credentials", {
    organization_id: run.organization_id,
    integration_type: integrationType,
  });
  ensure(answer);
  if (answer.data === null) {
    const detail = "Google Sheets is not connected any more.";
    return await failSheet(holder, { reason: "google_not_connected", detail });
  }
  const account = ServiceAccount.parse(answer.data);
  try {
    return await write({ ...holder, sheets: sheetsOf(account) });
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error;
    return await afterFailure(holder, error, account);
  }
}
