import type postgres from "postgres";
import type { Status } from "../local/status_file.ts";
import type { Needed } from "./fixtures/needed.ts";
import {
  exportedLeads,
  loadReportLeads,
  monthBySource,
  monthBySourceByHand,
  previewedLeads,
  type ReportPeople,
  twelveColumns,
  twelveColumnsByHand,
} from "./reports_data.ts";
import { alternate, type Bench, type Benchmark, type Row, timed } from "./support/benchmark.ts";
import { asCaller } from "./support/caller.ts";
import { root } from "./support/stack.ts";

const rounds = 7;

async function previews(sql: postgres.Sql, { previewed }: ReportPeople): Promise<Row> {
  const definition = JSON.stringify(monthBySource);
  return {
    what: `preview of month × source over ${previewedLeads.toLocaleString("en")} leads`,
    ...await alternate(
      rounds,
      () =>
        asCaller(
          sql,
          { ...previewed, user: previewed.admin },
          (transaction) =>
            timed(() =>
              transaction.unsafe("select public.preview_report($1, $2::text::jsonb)", [
                previewed.organization,
                definition,
              ])
            ),
        ),
      () => timed(() => sql.unsafe(monthBySourceByHand(previewed.organization))),
    ),
    unit: "ms",
    target: { atMost: 2 },
  };
}

/** A run that nobody takes, of twelve columns of all leads. */
async function newRun(
  sql: postgres.Sql,
  { exported }: ReportPeople,
  runner: string,
  format: string,
): Promise<string> {
  const [row] = await sql`
    with report as (
      insert into public.reports (organization_id, owner_id, name, source, definition)
      select ${exported.organization}, ${exported.admin}, 'Bench', 'leads', private.checked_report(${
    JSON.stringify(twelveColumns)
  }::text::jsonb) returning *
    ), run as (
      insert into public.report_runs (organization_id, report_id, owner_id, name, definition, format, status, time_zone)
      select organization_id, id, owner_id, name, definition, ${format}, 'freezing', 'UTC' from report
      returning id, organization_id
    )
    insert into private.report_run_work (run_id, organization_id, runner, leased_until, attempts)
    select id, organization_id, ${runner}, now() + interval '1 hour', 1 from run returning run_id`;
  return String(row?.["run_id"]);
}

async function emptied(sql: postgres.Sql): Promise<void> {
  await sql`truncate private.report_rows`;
  await sql`delete from private.report_run_work where true`;
}

async function freezes(sql: postgres.Sql, people: ReportPeople): Promise<Row> {
  const runner = crypto.randomUUID();
  return {
    what: `freezing ${exportedLeads.toLocaleString("en")} rows of 12 columns`,
    ...await alternate(3, async () => {
      const run = await newRun(sql, people, runner, "xlsx");
      const time = await timed(() => sql`select private.freeze_report_run(${run}, ${runner})`);
      const [frozen] =
        await sql`select count(*)::int as rows from private.report_rows where run_id = ${run}`;
      if (frozen?.["rows"] !== exportedLeads + 1) throw new Error("Not all rows were frozen.");
      await emptied(sql);
      return time;
    }, async () => {
      const statement = twelveColumnsByHand(crypto.randomUUID(), people.exported.organization);
      const time = await timed(() => sql.unsafe(statement));
      await emptied(sql);
      return time;
    }),
    unit: "ms",
    target: { atMost: 3 },
  };
}

async function inProcess(status: Status, file: string, ...args: string[]): Promise<Needed> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `bench/fixtures/${file}.ts`, ...args],
    cwd: root,
    env: {
      SUPABASE_URL: status.api_url,
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: status.secret_key }),
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: status.publishable_key }),
    },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Invocations of the job until the run is done, each in a process of its own. */
async function writeFile(
  sql: postgres.Sql,
  status: Status,
  people: ReportPeople,
  format: string,
) {
  const run = await newRun(sql, people, crypto.randomUUID(), format);
  await sql`update private.report_run_work set leased_until = null, attempts = 0 where run_id = ${run}`;
  const invocations: Needed[] = [];
  for (;;) {
    invocations.push(await inProcess(status, "report_job", "job"));
    const [row] =
      await sql`select status, reason, detail from public.report_runs where id = ${run}`;
    if (row?.["status"] === "ready") return { run, invocations };
    if (row?.["status"] !== "writing") throw new Error(`The run is ${JSON.stringify(row)}.`);
  }
}

/** What the platform allows an invocation. */
function limits(what: string, invocations: readonly Needed[]): Row[] {
  const most = (of: (needed: Needed) => number) => Math.max(...invocations.map(of));
  return [
    {
      what: `${what}, CPU of the dearest invocation, loading included`,
      ours: most(({ cpuMs, loadedMs }) => cpuMs + loadedMs),
      unit: "ms",
      target: { atMost: 2_000 },
    },
    {
      what: `${what}, peak memory of an invocation`,
      ours: most(({ peakMb }) => peakMb),
      unit: "MB",
      target: { atMost: 256 },
    },
  ];
}

async function workbooks(
  sql: postgres.Sql,
  status: Status,
  people: ReportPeople,
): Promise<{ rows: Row[]; note: string }> {
  const { run, invocations } = await writeFile(sql, status, people, "xlsx");
  const alone = await inProcess(status, "report_job", "writer", run, status.db_url);
  const what = `XLSX of ${exportedLeads.toLocaleString("en")} × 12`;
  return {
    rows: [
      {
        what: `${what}, CPU of all invocations, against the writer alone`,
        ours: invocations.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
        baseline: alone.cpuMs,
        unit: "ms",
        target: { atMost: 1.5 },
      },
      ...limits(what, invocations),
    ],
    note: `Invocations of the job for the workbook: ${invocations.length}, with ` +
      `${invocations.map(({ cpuMs }) => Math.round(cpuMs)).join(", ")} ms of CPU.`,
  };
}

/** PDFs: of the job, and of texts in several scripts by the writer alone. */
async function documents(
  sql: postgres.Sql,
  status: Status,
  people: ReportPeople,
): Promise<Row[]> {
  const { invocations } = await writeFile(sql, status, people, "pdf");
  const mixed = await inProcess(status, "report_pdf");
  return [
    ...limits("PDF of 1,000 × 12", invocations),
    ...limits("PDF of 1,000 × 8 in four scripts", [mixed]),
  ];
}

async function run({ sql, status, say }: Bench) {
  await sql`select cron.unschedule(jobname) from cron.job`;
  say(`loading ${(previewedLeads + exportedLeads).toLocaleString("en")} leads`);
  const people = await loadReportLeads(sql);
  await sql`update private.rate_limits set quota = 1000000 where kind = 'report_preview'`;
  const rows = [await previews(sql, people), await freezes(sql, people)];
  // Invocations are started here, one after another, so nothing else may start the job.
  await sql`delete from vault.secrets where name = 'jobs_secret_key'`;
  const { rows: files, note } = await workbooks(sql, status, people);
  return {
    rows: [...rows, ...files, ...await documents(sql, status, people)],
    notes: [
      "Preview: `preview_report` as role `authenticated`, with subtotals, total and shares; the baseline is the query by hand " +
      "for the same figures as the owner of the tables. Freezing: with the order, the total, and the rights of the owner; the " +
      "baseline is one `insert … select` of the same rows by hand. Workbook: each invocation of the job in a process of its " +
      "own, with freezing, leases, pieces, upload; the writer alone reads the same frozen rows and writes nothing. " +
      "PDF: twelve columns by the job; eight with names in Latin, Ewe, Twi and Arabic letters by the writer alone.",
      note,
    ],
  };
}

/** How fast reports are previewed, frozen and written. */
export const reports: Benchmark = { title: "Reports", run };
