import type postgres from "postgres";
import { loadClocks } from "./sla_data.ts";
import {
  alternate,
  type Bench,
  type Benchmark,
  median,
  type Row,
  timed,
} from "./support/benchmark.ts";

const due = 500;
const rounds = 11;

/** Makes some leads anywhere in the table due: half of them for a reminder, half of them late. Gives their ids. */
async function makeDue(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql`
    update public.leads set sla_status = 'running', sla_breached_at = null,
      sla_deadline = now() + case when x.n % 2 = 0 then interval '10 minutes' else interval '-1 minute' end,
      sla_next_at = now() - interval '20 minutes'
    from (
      select id, row_number() over () as n from public.leads tablesample system (1)
      where sla_status = 'running' order by random() limit ${due}) x
    where leads.id = x.id returning leads.id`;
  return rows.map(({ id }) => String(id));
}

async function runOfTheJob(sql: postgres.Sql): Promise<number> {
  await makeDue(sql);
  return await timed(async () => {
    const [run] = await sql`select private.run_sla() as touched`;
    if (run?.touched !== due) throw new Error(`The run touched ${run?.touched} leads, not ${due}.`);
  });
}

/** The same columns of as many rows, by primary key, with every other trigger of the table at work. */
async function touchedByKey(sql: postgres.Sql): Promise<number> {
  const ids = await makeDue(sql);
  await sql`alter table public.leads disable trigger record_sla`;
  const milliseconds = await timed(() =>
    sql`
    update public.leads set sla_next_at = null, sla_breached_at = now(), sla_status = 'breached'
    where id = any (${ids})`
  );
  await sql`alter table public.leads enable trigger record_sla`;
  return milliseconds;
}

/** The statement of a batch, out of the function itself, with values in place of its parameters. */
async function planOfTheBatch(sql: postgres.Sql): Promise<string[]> {
  await makeDue(sql);
  const [found] = await sql`
    select prosrc from pg_proc where oid = 'private.run_sla_batch(timestamptz, integer, uuid[])'::regprocedure`;
  const statement = /with due as[^;]*/.exec(String(found?.prosrc))?.[0] ?? "";
  const text = statement.replaceAll(/(<=|>|then) at\b/g, "$1 now()").replace(
    "(without)",
    "('{}'::uuid[])",
  )
    .replace("limit size", "limit 1000");
  const rows = await sql.unsafe(
    `explain (analyze, costs off, timing off, summary off) ${text}`,
  );
  return rows.map((row) => String(row["QUERY PLAN"]));
}

/** A new calendar of an organization with 50,000 running clocks: what its PUT does, and the job after it. */
async function recount(sql: postgres.Sql, organization: string): Promise<Row[]> {
  await sql`insert into public.calendars (organization_id) values (${organization})`;
  await sql`
    insert into public.calendar_periods (organization_id, weekday, opens, closes)
    select ${organization}, d, o, o + interval '4 hours' from generate_series(1, 5) d, unnest(array['09:00', '14:00']::time[]) o`;
  // As if each lead had been assigned on its own, not all at one moment.
  const rows = await sql`
    update public.leads set sla_started_at = created_at
    where organization_id = ${organization} and sla_status = 'running' returning id`;
  const ids = rows.map(({ id }) => String(id));
  const request = await timed(() => sql`select private.request_sla_recomputation(${organization})`);
  const job = await timed(async () => {
    for (let left = true; left;) {
      await sql`select private.recompute_sla_clocks()`;
      left = (await sql`
        select from private.sla_recomputations
        where organization_id = ${organization} and due_at <= clock_timestamp()`).length > 0;
    }
  });
  await sql`alter table public.leads disable trigger record_sla`;
  const byKey = await timed(() =>
    sql`
    update public.leads set sla_deadline = sla_deadline + interval '1 minute', sla_next_at = sla_next_at + interval '1 minute'
    where id = any (${ids})`
  );
  await sql`alter table public.leads enable trigger record_sla`;
  return [
    {
      what: `a new calendar: all ${ids.length.toLocaleString("en")} clocks of an organization`,
      ours: (request + job) / 1_000,
      baseline: byKey / 1_000,
      unit: "s",
      target: { atMost: 2 },
    },
    { what: "a new calendar: within the request", ours: request / 1_000, unit: "s" },
  ];
}

async function perDeadline(
  sql: postgres.Sql,
  organization: string,
  minutes: number,
): Promise<number> {
  const calls = 2_000;
  return await timed(() =>
    sql`
    select count(private.deadline_after(${organization}, now() + make_interval(mins => i * 7), ${minutes}))
    from generate_series(1, ${calls}) i`
  ) / calls * 1_000;
}

async function run({ sql: pool, say }: Bench) {
  // One session, whose plans are made: both sides of a comparison start alike.
  const sql = await pool.reserve();
  try {
    return await measure(sql, pool, say);
  } finally {
    sql.release();
  }
}

async function measure(sql: postgres.ReservedSql, pool: postgres.Sql, say: Bench["say"]) {
  // The stack's own runs of each minute must not meet what is measured.
  await sql`select cron.unschedule(jobname) from cron.job`;
  say("loading 1,000,000 leads with running clocks");
  const organization = await loadClocks(pool);
  const plan = await planOfTheBatch(sql);
  const idle: number[] = [];
  for (let i = 0; i < rounds; i++) idle.push(await timed(() => sql`select private.run_sla()`));
  const rows: Row[] = [
    {
      what: `a run with ${due} due of 1,000,000`,
      ...await alternate(rounds, () => runOfTheJob(sql), () => touchedByKey(sql)),
      unit: "ms",
      target: { atMost: 2 },
    },
    { what: "a run with nothing due", ours: median(idle), unit: "ms" },
    ...await recount(sql, organization),
    {
      what: "a deadline 120 minutes away",
      ours: await perDeadline(sql, organization, 120),
      unit: "µs",
    },
    {
      what: "a deadline 40 working hours away",
      ours: await perDeadline(sql, organization, 2_400),
      unit: "µs",
    },
  ];
  return {
    rows,
    notes: [
      "1,000,000 open leads in 20 organizations, all clocks running. Ours: `private.run_sla()`, half reminders and half breaches, " +
      "each recorded and told to one or two people in the application and by e-mail. Baseline: an update of the same columns " +
      "of as many rows by primary key, with all other triggers of the table, without records and notices. A new calendar computes the deadlines of 2,000 leads within the request, the others in a " +
      "job. The plan of a batch:",
      ["```", ...plan, "```"].join("\n"),
    ],
  };
}

/** What the response clocks cost at a million leads. */
export const sla: Benchmark = { title: "Response clocks", run };
