import type postgres from "postgres";
import { computeFeatures } from "./churn_features.ts";
import { inSlices, longestStatement, ofThree, type Slices } from "./churn_slices.ts";
import { requestTraining, trainUntil } from "./churn_training.ts";
import { type Row, timed } from "./support/benchmark.ts";

/** How many clients the job takes at a time. */
const scoringSlice = 5_000;

/** Inserts as many rows of two columns into a table of its own without indexes. */
async function bareInsert(sql: postgres.Sql, rows: number): Promise<number> {
  await sql`create table private.bench_bare (id bigint, score double precision)`;
  const time = await timed(() =>
    sql`insert into private.bench_bare select n, n / 7.0 from generate_series(1, ${rows}::int) n`
  );
  await sql`drop table private.bench_bare`;
  return time;
}

/** Takes a model into use whose scores differ from client to client, which those of a first rule hardly do. */
async function tellApart(sql: postgres.Sql, organization: string): Promise<void> {
  await sql`
    with changed as (
      insert into public.churn_models
      select (jsonb_populate_record(m, jsonb_build_object('id', private.uuid_v7(), 'number', m.number + 1,
        'calibration', m.calibration || '{"slope": 1}'))).*
      from public.churn_models m where m.organization_id = ${organization} returning organization_id, id
    )
    update private.churn_model_state s set active_model_id = c.id
    from changed c where s.organization_id = c.organization_id`;
}

/** Today's probabilities out of the snapshot by the model in use, with nothing written. */
async function computeScores(sql: postgres.Sql, organization: string): Promise<number> {
  const [row] = await sql`
    select private.probability_of(format('%L::float8 + %L::float8 * (%s)', m.calibration ->> 'intercept',
        m.calibration ->> 'slope', private.linear_sum(m.features, 'coefficient',
          private.standard_terms(m.features, 'f'), m.intercept))) as text
    from private.churn_model_state s join public.churn_models m on m.id = s.active_model_id
    where s.organization_id = ${organization}`;
  const text = `select sum(${row?.["text"]}) from private.client_features f
    where f.organization_id = '${organization}' and f.snapshot_day = private.local_day('${organization}')`;
  return await sql.begin(async (transaction) => {
    await transaction`set local jit = off`;
    await transaction`set local max_parallel_workers_per_gather = 0`;
    return await timed(() => transaction.unsafe(text));
  });
}

/** A run of the nightly job over all clients of an organization. */
async function score(sql: postgres.Sql, organization: string): Promise<Slices> {
  await sql`
    update private.churn_model_state set score_requested_at = clock_timestamp()
    where organization_id = ${organization}`;
  await sql`select private.begin_scoring_runs()`;
  return await inSlices(async () => {
    await sql`
      select private.score_slice(r, ${scoringSlice}) from private.scoring_runs r
      where r.organization_id = ${organization} and r.finished_at is null`;
    const open = await sql`
      select from private.scoring_runs where organization_id = ${organization} and finished_at is null`;
    return open.length > 0;
  });
}

/** A tenth of the clients gets what moves its score by more than a point; gives the ids of those that moved. */
async function scoreMoved(sql: postgres.Sql, organization: string) {
  await sql`create table private.bench_before as select client_id, score from public.client_risks where organization_id = ${organization}`;
  await sql`alter table public.clients disable trigger user`;
  await sql`
    update public.clients set stated_risk = case stated_risk when 'high' then 'low' else 'high' end
    where organization_id = ${organization} and substr(name, 8)::int % 10 = 0`;
  await sql`alter table public.clients enable trigger user`;
  await sql`vacuum (analyze) public.clients`;
  const slices = await score(sql, organization);
  const rows = await sql`
    select k.client_id as id from public.client_risks k join private.bench_before b using (client_id)
    where k.score is distinct from b.score order by 1`;
  await sql`drop table private.bench_before`;
  return { slices, ids: rows.map(({ id }) => String(id)) };
}

/** The score of as many clients and its history, written by key in as many statements, with all triggers. */
async function updatedByKey(sql: postgres.Sql, ids: string[]): Promise<number> {
  const portion = scoringSlice / 10;
  return await timed(async () => {
    for (let first = 0; first < ids.length; first += portion) {
      const some = ids.slice(first, first + portion);
      await sql.begin(async (transaction) => {
        await transaction`
          update public.client_risks
          set score = case when score > 50 then score - 1.5 else score + 1.5 end, score_day = current_date
          where client_id = any (${some})`;
        await transaction`
          insert into private.client_scores (organization_id, client_id, day, score, band, model_id)
          select organization_id, client_id, current_date, score, band, score_model_id from public.client_risks
          where client_id = any (${some})
          on conflict on constraint client_scores_pkey do update set score = excluded.score`;
      });
    }
  });
}

/** What scores cost: computed, written for the first time, and written again where they move. */
export async function scoring(
  sql: postgres.Sql,
  organization: string,
  clients: number,
): Promise<Row[]> {
  await requestTraining(sql, organization);
  const trained = await trainUntil(sql, organization, null);
  await tellApart(sql, organization);
  await computeScores(sql, organization);
  const computed = await ofThree(() => computeScores(sql, organization));
  const bare = await ofThree(() => bareInsert(sql, clients));
  const first = await score(sql, organization);
  await sql`vacuum (analyze) public.clients, public.client_risks, private.client_scores`;
  const unmoved = await score(sql, organization);
  const alone = await computeFeatures(sql, organization);
  const { slices: moved, ids } = await scoreMoved(sql, organization);
  await sql`vacuum (analyze) public.clients, public.client_risks, private.client_scores`;
  const byKey = await updatedByKey(sql, ids);
  const all = clients.toLocaleString("en");
  return [
    { what: `${all} clients: the rule as their first model`, ours: trained.total, unit: "ms" },
    {
      what: `${all} scores computed from a snapshot`,
      ours: computed,
      baseline: bare,
      unit: "ms",
      target: { atMost: 2 },
    },
    {
      what: `${all} first scores: features, scores, factors and history written`,
      ours: first.total / 1_000,
      baseline: alone.total / 1_000,
      unit: "s",
    },
    {
      what: "what is computed and written besides the features",
      ours: (first.total - alone.total) / 1_000,
      baseline: bare / 1_000,
      unit: "s",
      target: { atMost: 6 },
    },
    {
      what: `a night in which nothing moved, against the features alone`,
      ours: unmoved.total / 1_000,
      baseline: alone.total / 1_000,
      unit: "s",
    },
    {
      what: `what ${ids.length.toLocaleString("en")} moved scores add, against an update by key`,
      ours: (moved.total - unmoved.total) / 1_000,
      baseline: byKey / 1_000,
      unit: "s",
      target: { atMost: 1.5 },
    },
    {
      what: `scoring ${scoringSlice.toLocaleString("en")} clients, the longest transaction`,
      ours: Math.max(first.longest, unmoved.longest, moved.longest),
      unit: "ms",
      target: longestStatement,
    },
  ];
}
