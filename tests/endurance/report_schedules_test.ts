import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { newOrganization } from "../support/people.ts";
import { build } from "../support/reports.ts";
import { stackUnderTest } from "../support/stack.ts";
import { until } from "../support/wait.ts";

const organizations = 5;
const each = 100;
const workers = 3;

/** An organization with schedules that are all due at the same minute, each with one recipient. */
async function withSchedules(): Promise<string> {
  const { admin, id } = await newOrganization();
  const sql = database();
  await sql`insert into public.leads (organization_id, first_name, source) values (${id}, 'Ama', 'web')`;
  const { report_id } = await build(admin, {
    grouping: [{ field: "leads.source" }],
    aggregations: [{ function: "count" }],
  });
  await sql`
    insert into public.report_schedules (organization_id, report_id, owner_id, frequency, local_time, time_zone, format,
      next_run_at)
    select ${id}, ${report_id}, ${admin.userId}, 'daily', '07:00', 'Africa/Accra', 'csv',
      date_trunc('minute', now()) - interval '1 minute' from generate_series(1, ${each}::int)`;
  await sql`
    insert into public.report_recipients (organization_id, schedule_id, user_id)
    select s.organization_id, s.id, ${admin.userId} from public.report_schedules s where s.organization_id = ${id}`;
  return id;
}

/** Runs the clock until nothing of these organizations is due. */
async function clock(ids: string[]): Promise<void> {
  const sql = database();
  await until(async () => {
    await sql`select private.run_report_schedules()`;
    const [row] = await sql`select count(*)::int as due from public.report_schedules
      where organization_id = any (${ids}) and next_run_at <= now()`;
    return row?.["due"] === 0;
  }, { what: "a clock that has run all schedules" });
}

/** Starts the job again and again until all runs have ended. */
async function worker(ids: string[]): Promise<void> {
  const headers = { apikey: stackUnderTest().secret_key };
  await until(async () => {
    const started = await call(null, "POST", "/report-jobs/run-reports", undefined, headers);
    expectStatus(started, 202);
    const [row] = await database()`select count(*)::int as waiting from private.report_run_work
      where organization_id = any (${ids})`;
    return row?.["waiting"] === 0;
  }, { what: "the end of all runs", timeoutMs: 900_000 });
}

Deno.test("500 schedules of one minute, two clocks and three workers: 500 runs, and nobody is mailed twice", async () => {
  const ids: string[] = [];
  for (let n = 0; n < organizations; n++) ids.push(await withSchedules());
  await Promise.all([clock(ids), clock(ids)]);
  await Promise.all(Array.from({ length: workers }, () => worker(ids)));
  const sql = database();
  const [row] = await sql`
    select count(*)::int as runs, count(distinct r.schedule_id)::int as schedules,
      count(*) filter (where r.status = 'ready')::int as ready, (
        select count(*)::int from private.report_deliveries d
        join public.report_runs f on f.id = d.run_id where f.organization_id = any (${ids})) as told, (
        select count(*)::int from public.emails e
        where e.organization_id = any (${ids}) and e.kind = 'report_ready') as mails, (
        select count(distinct (e.event_key, e.to_address))::int from public.emails e
        where e.organization_id = any (${ids}) and e.kind = 'report_ready') as different, (
        select count(*)::int from storage.objects o
        where o.bucket_id = 'report-files' and split_part(o.name, '/', 1) = any (${ids})) as files
    from public.report_runs r where r.organization_id = any (${ids})`;
  const all = organizations * each;
  assert.deepEqual({ ...row }, {
    runs: all,
    schedules: all,
    ready: all,
    told: all,
    mails: all,
    different: all,
    files: all,
  });
});
