import type postgres from "postgres";
import { alternate, median, type Row, timed } from "./support/benchmark.ts";
import { asCaller, type Caller } from "./support/caller.ts";

const rounds = 11;

const reports = [
  "churn_trends",
  "churn_by_segment",
  "churn_factors",
  "retention_actions",
  "churn_cohorts",
  "churn_survival",
];

/** The blocks of the database that a report reads for fourteen months, in a session that has its plans. */
async function blocksOf(sql: postgres.Sql, caller: Caller, report: string): Promise<number> {
  return await asCaller(sql, caller, async (transaction) => {
    const text =
      `select public.${report}($1::uuid, jsonb_build_object('from', (current_date - interval '13 months')::date))`;
    await transaction.unsafe(text, [caller.organization]);
    const [row] = await transaction.unsafe(
      `explain (analyze, buffers, format json) ${text.replace("$1", `'${caller.organization}'`)}`,
    );
    const [{ Plan: plan }] = row?.["QUERY PLAN"];
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
  });
}

async function milliseconds(sql: postgres.Sql, caller: Caller, text: string, values: string[]) {
  return await asCaller(sql, caller, async (transaction) => {
    await transaction.unsafe(text, values, { prepare: true });
    return await timed(() => transaction.unsafe(text, values, { prepare: true }));
  });
}

/** What each report reads of a large organization and of a small one, and how long the large one's survival takes. */
export async function reportRows(
  sql: postgres.Sql,
  large: Caller,
  small: Caller,
  sizes: string,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const report of reports) {
    rows.push({
      what: `${report}: blocks of ${sizes} clients`,
      ours: await blocksOf(sql, large, report),
      baseline: await blocksOf(sql, small, report),
      unit: "blocks",
      target: { atMost: 1.2 },
    });
  }
  for (const report of ["churn_trends", "churn_survival"]) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      times.push(
        await milliseconds(sql, large, `select public.${report}($1::uuid, '{}')`, [
          large.organization,
        ]),
      );
    }
    rows.push({
      what: `${report} of the larger`,
      ours: median(times),
      unit: "ms",
      ...(report === "churn_survival" ? { target: { atMost: 20 } } : {}),
    });
  }
  return rows;
}

/** The parts of GET /clients/{id}/detail, each by key. */
const parts = (organization: string, client: string): string[] =>
  [
    "select * from public.clients where id = '$client'",
    "select * from public.client_risks where organization_id = '$org' and client_id = '$client'",
    "select * from public.client_contacts where organization_id = '$org' and client_id = '$client'",
    "select * from public.client_interactions where organization_id = '$org' and client_id = '$client' order by id desc limit 20",
    "select * from public.client_issues where organization_id = '$org' and client_id = '$client' order by status = 'closed', id desc limit 20",
    "select * from public.client_spells where organization_id = '$org' and client_id = '$client'",
    "select * from public.client_movements where client_id = '$client' order by day desc, place desc limit 20",
    "select * from public.client_links where organization_id = '$org' and client_id = '$client'",
    "select * from private.client_matches('$org', array['$client']::uuid[])",
    "select * from private.client_features_as_of(array['$client']::uuid[], clock_timestamp(), true)",
    "select * from public.client_factors where organization_id = '$org' and client_id = '$client'",
    "select * from public.client_incident_predictions where organization_id = '$org' and client_id = '$client'",
    "select * from public.recommendations where organization_id = '$org' and client_id = '$client'",
    "select * from private.client_scores where organization_id = '$org' and client_id = '$client' order by day desc limit 52",
  ].map((text) => text.replaceAll("$org", organization).replaceAll("$client", client));

/** What everything about a client costs in one call, against its parts. */
export async function detail(sql: postgres.Sql, caller: Caller): Promise<Row> {
  const [found] = await sql`
    select client_id as id from public.client_risks
    where organization_id = ${caller.organization} and score is not null order by random() limit 1`;
  const client = String(found?.["id"]);
  const texts = parts(caller.organization, client);
  const session = await sql.reserve();
  try {
    return {
      what: "GET /clients/{id}/detail, against its parts by key",
      ...await alternate(
        rounds,
        () =>
          milliseconds(sql, caller, "select public.client_detail($1::uuid, $2::uuid)", [
            caller.organization,
            client,
          ]),
        () =>
          timed(async () => {
            for (const text of texts) await session.unsafe(text, [], { prepare: true });
          }),
      ),
      unit: "ms",
      target: { atMost: 2 },
    };
  } finally {
    session.release();
  }
}
