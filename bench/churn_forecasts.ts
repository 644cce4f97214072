import type postgres from "postgres";
import { inSlices, longestStatement, ofThree } from "./churn_slices.ts";
import { type Row, timed } from "./support/benchmark.ts";

/** What a night's forecasts of incidents cost. */
export async function incidents(
  sql: postgres.Sql,
  organization: string,
  what: string,
): Promise<Row[]> {
  await sql`
    insert into private.incident_models (organization_id, day)
    values (${organization}, private.local_day(${organization}))`;
  const forecast = await inSlices(async () => {
    await sql`
      select private.predict_slice(m, 2000) from private.incident_models m where m.organization_id = ${organization}`;
    const open = await sql`
      select from private.incident_models where organization_id = ${organization} and finished_at is null`;
    return open.length > 0;
  });
  const baseline = await ofThree(() =>
    timed(() =>
      sql`
      select count(*) from (
        select client_id, type, date_trunc('quarter', opened_at), count(distinct opened_at::date)
        from public.client_issues where organization_id = ${organization} group by 1, 2, 3) x`
    )
  );
  return [
    { what, ours: forecast.total, baseline, unit: "ms", target: { atMost: 5 } },
    {
      what: "forecasts, the longest transaction",
      ours: forecast.longest,
      unit: "ms",
      target: longestStatement,
    },
  ];
}
