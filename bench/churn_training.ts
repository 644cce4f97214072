import type postgres from "postgres";
import { inSlices, longestStatement, ofThree, type Slices } from "./churn_slices.ts";
import { type Row, timed } from "./support/benchmark.ts";

/** Goes on with a training until it is where it should be, or done. */
export async function trainUntil(
  sql: postgres.Sql,
  organization: string,
  phase: string | null,
): Promise<Slices> {
  return await inSlices(async () => {
    await sql`
      select private.train_step(s) from private.churn_model_state s where s.organization_id = ${organization}`;
    const [state] = await sql`
      select phase, last_error from private.churn_model_state where organization_id = ${organization}`;
    return state?.["phase"] !== phase;
  });
}

/** Asks for a training, as the job does for a new organization. */
export async function requestTraining(sql: postgres.Sql, organization: string): Promise<void> {
  await sql`
    insert into private.churn_model_state (organization_id, phase, requested_at)
    values (${organization}, 'requested', now())
    on conflict on constraint churn_model_state_pkey do update set phase = 'requested', requested_at = now()`;
}

/** Eight statements of the sums of a Newton step, which are what a fit cannot do without. */
async function eightPasses(sql: postgres.Sql, source: string, size: number): Promise<number> {
  const [row] = await sql`
    select private.newton_sums(${source}, array_fill(0::float8, array[${size + 1}::int])) as text`;
  const text = String(row?.["text"]);
  return await sql.begin(async (transaction) => {
    await transaction`set local jit = off`;
    await transaction`set local max_parallel_workers_per_gather = 0`;
    return await timed(async () => {
      for (let step = 0; step < 8; step++) await transaction.unsafe(text);
    });
  });
}

/** What a training costs: of the sample of an organization with a year of snapshots. */
export async function training(
  sql: postgres.Sql,
  organization: string,
): Promise<{ rows: Row[]; note: string }> {
  await requestTraining(sql, organization);
  const sampled = await trainUntil(sql, organization, "fit");
  await sql`select private.cut_sample(${organization})`;
  const [found] =
    await sql`select private.training_features(${organization}, '{train}') as features`;
  const featureList = found?.["features"] as { prior: number }[];
  const size = featureList.length;
  await sql`select private.standardize_sample(${organization}, ${
    JSON.stringify(featureList)
  }::text::jsonb)`;
  const [counted] = await sql`
    select count(*)::int as rows, count(*) filter (where part = 'train')::int as learned,
      private.training_source(${organization}, '{all,train,gap,test}', ${size}) as source
    from private.churn_training_rows where organization_id = ${organization}`;
  const source = String(counted?.["source"]);
  const prior = [0, ...featureList.map((feature) => feature.prior)];
  const fit = () => timed(() => sql`select private.fit_logit(${source}, ${prior}::float8[], 10)`);
  await fit();
  const fitted = await ofThree(fit);
  const passes = await ofThree(() => eightPasses(sql, source, size));
  const finished = await trainUntil(sql, organization, null);
  const [model] = await sql`
    select method, accepted, reason from public.churn_models
    where organization_id = ${organization} order by number limit 1`;
  const of = `${counted?.["rows"].toLocaleString("en")} rows of ${size} features`;
  return {
    rows: [
      {
        what: `a fit of ${of}, against eight passes of its sums`,
        ours: fitted,
        baseline: passes,
        unit: "ms",
        target: { atMost: 1.5 },
      },
      {
        what: "a training with its judgement, against one such fit",
        ours: finished.total,
        baseline: fitted,
        unit: "ms",
        target: { atMost: 6 },
      },
      {
        what: "a training, its longest transaction",
        ours: Math.max(sampled.longest, finished.longest),
        unit: "ms",
        target: longestStatement,
      },
    ],
    note:
      `Of the sampled rows ${
        counted?.["learned"].toLocaleString("en")
      } are learned from, the others ` +
      `are later and judge. The model: ${model?.["reason"]}`,
  };
}
