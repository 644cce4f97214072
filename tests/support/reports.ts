import { call, type Caller, expectStatus } from "./http.ts";
import { until } from "./wait.ts";

/** A preview as the API answers it. */
export interface PreviewBody {
  report_id: string;
  version: number;
  columns: { id: string; label: string; type: string; role: string; currency?: string | null }[];
  preview_data: Record<string, unknown>[];
  subtotals: { level: number; after: number; values: Record<string, unknown> }[];
  row_count: number;
  records: number;
  totals: Record<string, unknown>;
  truncated: boolean;
  time_zone: string;
  period: { from: string; to: string; previous_from: string; previous_to: string } | null;
  partial: string[];
}

/** A run as the API answers it. */
export interface RunBody {
  id: string;
  report_id: string;
  status: string;
  reason: string | null;
  detail: string | null;
  row_count: number | null;
  records: number | null;
  rows_written: number;
  truncated: boolean;
  totals?: Record<string, unknown> | null;
  checksum: string | null;
  file_size: number | null;
  download_url: string | null;
  downloads: number;
  spreadsheet: string | null;
  paused_until: string | null;
  pause_detail: string | null;
}

/** Saves a report and gives its preview. */
export async function build(caller: Caller, body: Record<string, unknown>): Promise<PreviewBody> {
  const answer = await call(caller, "POST", "/reports/build", { name: "A report", ...body });
  return expectStatus(answer, 201);
}

/** Asks for a file of a report and gives the id of its run. */
export async function exportReport(
  caller: Caller,
  report_id: string,
  format: string,
): Promise<string> {
  const answer = await call(caller, "POST", "/reports/export", { report_id, format });
  return expectStatus<{ run_id: string }>(answer, 202).run_id;
}

/** A run as it is now. */
export async function readRun(caller: Caller, id: string): Promise<RunBody> {
  return expectStatus(await call(caller, "GET", `/reports/runs/${id}`), 200);
}

const final = ["ready", "empty", "refused", "failed"];

/** A run when it has ended, whatever became of it. */
export async function ended(caller: Caller, id: string): Promise<RunBody> {
  return await until(async () => {
    const run = await readRun(caller, id);
    return final.includes(run.status) && run;
  }, { what: `the end of the run ${id}` });
}

/** The file of a run, as following the link gives it. */
export async function fetchFile(caller: Caller, url: string): Promise<Uint8Array> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${caller.accessToken}` } });
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.status !== 200) {
    throw new Error(`${response.status} ${new TextDecoder().decode(bytes)}`);
  }
  return bytes;
}

/** A report as a file: its run and the bytes. */
export async function exported(caller: Caller, report_id: string, format: string) {
  const run = await ended(caller, await exportReport(caller, report_id, format));
  if (run.download_url === null) throw new Error(`The run was ${run.status}: ${run.detail}`);
  return { run, bytes: await fetchFile(caller, run.download_url) };
}
