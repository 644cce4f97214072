import type postgres from "postgres";
import { inSlices, longestStatement, ofThree, type Slices } from "./churn_slices.ts";
import { type Row, timed } from "./support/benchmark.ts";

/** How many clients the job takes at a time. */
const snapshotSlice = 10_000;

/** One group by over each of the tables of events that features are read from. */
async function groupedEvents(sql: postgres.Sql, organization: string): Promise<number> {
  return await timed(async () => {
    await sql`
      select count(*) from (
        select client_id, count(*), max(occurred_at) from public.client_interactions
        where organization_id = ${organization} group by 1) x`;
    await sql`
      select count(*) from (
        select client_id, count(*), max(opened_at) from public.client_issues
        where organization_id = ${organization} group by 1) x`;
    await sql`
      select count(*) from (
        select client_id, count(*), max(day) from public.client_movements
        where organization_id = ${organization} group by 1) x`;
  });
}

/** The features of all clients as the snapshot reads them, without keeping them. */
export async function computeFeatures(sql: postgres.Sql, organization: string): Promise<Slices> {
  let last = "00000000-0000-0000-0000-000000000000";
  return await inSlices(async () => {
    const [row] = await sql`
      with slice as materialized (
        select array(select c.id from public.clients c where c.organization_id = ${organization} and c.id > ${last}
          order by c.id limit ${snapshotSlice}) as ids)
      select s.ids[cardinality(s.ids)] as last, cardinality(s.ids) as size, (
        select count(*) from private.client_features_as_of(s.ids, clock_timestamp(), true)) as rows from slice s`;
    last = String(row?.["last"]);
    return row?.["size"] === snapshotSlice;
  });
}

/** This week's snapshot, as the job takes it. */
async function takeSnapshot(sql: postgres.Sql, organization: string): Promise<Slices> {
  await sql`
    insert into private.feature_runs (organization_id, snapshot_day)
    values (${organization}, private.local_day(${organization}))`;
  return await inSlices(async () => {
    await sql`
      select private.take_feature_slice(r, ${snapshotSlice}) from private.feature_runs r
      where r.organization_id = ${organization} and r.finished_at is null`;
    const open = await sql`
      select from private.feature_runs where organization_id = ${organization} and finished_at is null`;
    return open.length > 0;
  });
}

/** What the weekly snapshot of an organization costs. */
export async function features(
  sql: postgres.Sql,
  organization: string,
  clients: string,
): Promise<Row[]> {
  await groupedEvents(sql, organization);
  const computed = await computeFeatures(sql, organization);
  const again = await computeFeatures(sql, organization);
  const baseline = await ofThree(() => groupedEvents(sql, organization));
  const taken = await takeSnapshot(sql, organization);
  await sql`analyze private.client_features`;
  return [
    {
      what: `features of ${clients} clients, computed`,
      ours: Math.min(computed.total, again.total) / 1_000,
      baseline: baseline / 1_000,
      unit: "s",
      target: { atMost: 3 },
    },
    {
      what: `features of ${snapshotSlice.toLocaleString("en")} clients, the longest slice`,
      ours: Math.min(computed.longest, again.longest),
      unit: "ms",
      target: { atMost: 1_000 },
    },
    {
      what: `the weekly snapshot of ${clients} clients, written`,
      ours: taken.total / 1_000,
      baseline: baseline / 1_000,
      unit: "s",
    },
    {
      what: "the weekly snapshot, the longest slice",
      ours: taken.longest,
      unit: "ms",
      target: longestStatement,
    },
  ];
}
