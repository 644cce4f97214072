import { formatNamed } from "../../supabase/functions/_shared/reports/formats.ts";
import { joined, type ReportFormat } from "../../supabase/functions/_shared/reports/format.ts";
import { type FrozenRow, FrozenRun } from "../../supabase/functions/_shared/reports/run.ts";
import { database } from "./db.ts";
import type { Session } from "./people.ts";

/** A run that a test takes through the steps of the job, as a runner that may die after each. */
export interface SteppedRun {
  id: string;
  organization: string;
  runner: string;
  format: ReportFormat;
}

/** A queued run of a report that a runner of the test has leased, so that the job leaves it alone. */
export async function leasedRun(
  owner: Session,
  report_id: string,
  format: string,
): Promise<SteppedRun> {
  const runner = crypto.randomUUID();
  const writer = formatNamed(format);
  if (!writer) throw new Error(`There is no format ${format}.`);
  const [row] = await database()`
    with run as (
      insert into public.report_runs (organization_id, report_id, owner_id, requested_by, name, definition, format, status,
        time_zone)
      select organization_id, id, owner_id, ${owner.userId}, name, definition, ${format}, 'freezing', 'UTC'
      from public.reports where id = ${report_id} returning id, organization_id
    )
    insert into private.report_run_work (run_id, organization_id, runner, leased_until, attempts)
    select id, organization_id, ${runner}, now() + interval '1 hour', 1 from run returning run_id, organization_id`;
  return {
    id: String(row?.["run_id"]),
    organization: String(row?.["organization_id"]),
    runner,
    format: writer,
  };
}

/** Freezes the rows and gives what the writer needs. */
export async function freeze({ id, runner }: SteppedRun): Promise<FrozenRun> {
  const [row] = await database()`select private.freeze_report_run(${id}, ${runner}) as answer`;
  return FrozenRun.parse(row?.["answer"].run);
}

/** All frozen rows. */
export async function frozenRows({ id }: SteppedRun): Promise<FrozenRow[]> {
  const [row] = await database()`select private.report_slice(${id}, 0, 20000) as rows`;
  return row?.["rows"];
}

/** Keeps a piece, as the job does; answers what became of it. */
export async function keepPiece(
  { id, runner }: SteppedRun,
  from: number,
  piece: { bytes: Uint8Array; state: unknown },
  { position, rows = 0, ended = false }: { position: number; rows?: number; ended?: boolean },
): Promise<string> {
  const sql = database();
  const progress = {
    piece: piece.bytes.toBase64(),
    position,
    rows,
    state: { writer: piece.state, ended },
    cpu_ms: 0,
  };
  const [row] = await sql`
    select private.write_report_slice(${id}, ${runner}, ${from}, ${
    sql.json(progress as never)
  }, 1, false) as answer`;
  return row?.["answer"].state;
}

/** The whole file, as a writer makes it that nobody disturbs. */
export function undisturbed(format: ReportFormat, run: FrozenRun, rows: FrozenRow[]): Uint8Array {
  let { bytes, state } = format.begin(run);
  const pieces = [bytes];
  for (let at = 0; at < rows.length; at += format.rowsPerSlice) {
    ({ bytes, state } = format.rows(run, state, rows.slice(at, at + format.rowsPerSlice)));
    pieces.push(bytes);
  }
  return joined([...pieces, format.end(run, state)]);
}

/** The runner is dead: its lease ends, and the job starts. */
export async function die({ id }: SteppedRun): Promise<void> {
  const sql = database();
  await sql`update private.report_run_work set leased_until = now() - interval '1 second' where run_id = ${id}`;
  await sql`select private.invoke('report-jobs/run-reports')`;
}
