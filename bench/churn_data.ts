import type postgres from "postgres";
import { inBulk } from "./support/bulk.ts";
import type { Caller } from "./support/caller.ts";

/** An organization to be made: its name, and how many clients, interactions and issues it has. */
export interface ChurnSize {
  name: string;
  clients: number;
  interactions: number;
  issues: number;
}

const months = 60;

const tables = [
  "public.clients",
  "public.client_risks",
  "public.client_movements",
  "public.client_spells",
  "public.client_interactions",
  "public.client_issues",
];

/**
 * Makes an organization with an admin, in whose name it can be asked.
 * @returns the organization and the admin.
 */
export async function newTenant(sql: postgres.Sql, name: string): Promise<Caller> {
  const [row] = await sql`
    with person as (
      insert into auth.users (id, email, raw_user_meta_data)
      select id, id || '@bench.example', '{"full_name": "Ama Mensah"}' from (select gen_random_uuid() as id) x returning id
    )
    insert into public.organizations (name, time_zone)
    values (${name}, 'Africa/Accra') returning id, (select p.id from person p) as admin`;
  const caller = { organization: String(row?.["id"]), user: String(row?.["admin"]) };
  await sql`
    insert into public.memberships (organization_id, user_id, role_id)
    select ${caller.organization}, ${caller.user}, r.id from public.roles r
    where r.organization_id is null and r.key = 'admin'`;
  return caller;
}

/**
 * Clients that joined in the last five years, a third of whom have left and a fifth of whom pay more than at first, as if
 * all had been entered on its day: the ledger, and what is derived from it.
 */
async function loadLedger(
  sql: postgres.TransactionSql,
  organization: string,
  clients: number,
): Promise<void> {
  await sql`
    insert into public.clients (organization_id, name, segment, currency, phone, stated_risk, status, mrr, since,
      spell_started_on, last_interaction_at, created_at)
    select ${organization}, 'Client ' || n, (array['individual', 'small_business', 'enterprise'])[1 + n / 3 % 3], 'GHS',
      '+23324' || lpad((n % 9999999)::text, 7, '0'), (array['low', 'medium', 'high', null])[1 + n / 7 % 4],
      case when n % 3 = 0 then 'churned' else 'active' end,
      case when n % 3 = 0 then 0 else 100 + n % 50 + case when n % 5 = 0 then 25 else 0 end end, d.since,
      case when n % 3 <> 0 then d.since end, now() - (37 + n * 13 % 41) * interval '1 day', now() - interval '1 day'
    from generate_series(1, ${clients}::int) n
    cross join lateral (
      select current_date - ${months}::int * 30 + (n::bigint * 7919 % (${months}::int * 28))::int as since) d`;
  await sql`
    insert into public.client_risks (organization_id, client_id)
    select organization_id, id from public.clients where organization_id = ${organization}`;
  await sql`
    insert into public.client_movements (organization_id, client_id, day, place, kind, amount, client_change, currency,
      segment, mrr_after, status_after, entry, contract, contract_mrr, entry_currency, entry_segment, reason, cause,
      observed_from, recorded_at)
    select c.organization_id, c.id, x.day, 1, x.kind, x.amount, x.change, 'GHS', c.segment, x.mrr, x.status, x.entry, '',
      nullif(x.mrr, 0), 'GHS', c.segment, x.reason, 'import', x.day, x.day
    from (
      select *, 100 + substr(name, 8)::int % 50 as base, substr(name, 8)::bigint as n from public.clients
      where organization_id = ${organization}
    ) c
    cross join lateral (
      select c.since as day, 'new' as kind, c.base as amount, 1 as change, c.base as mrr, 'active' as status,
        'amount' as entry, null as reason
      union all
      select least(c.since + 40 + (c.n % 200)::int, current_date - 1), 'expansion', 25, 0, c.base + 25, 'active', 'amount',
        null
      where c.n % 5 = 0 and c.n % 3 <> 0
      union all
      select least(c.since + 1 + (c.n * 31 % 900)::int, current_date), 'churn', -c.base, -1, 0, 'churned', 'end', 'price'
      where c.n % 3 = 0
    ) x`;
  await sql`
    insert into public.client_spells (organization_id, client_id, spell_no, starts_on, ends_on, observed_from)
    select m.organization_id, m.client_id, 1, min(m.day), max(m.day) filter (where m.client_change = -1), min(m.day)
    from public.client_movements m where m.organization_id = ${organization} group by 1, 2`;
}

/** The rollups of an organization, from a recount of its ledger. */
async function loadRollups(sql: postgres.Sql, organization: string): Promise<void> {
  await sql`
    insert into private.churn_period_totals
    select f.*, true from private.period_flows(null, 'infinity', ${organization}) f`;
  await sql`
    insert into private.movement_totals
    select organization_id, date_trunc('month', day)::date, segment, currency, kind, count(*), sum(amount), true
    from public.client_movements where organization_id = ${organization} group by 1, 2, 3, 4, 5`;
  await sql`
    insert into private.spell_totals
    select f.*, true from private.spell_counts(null, 'infinity', ${organization}) f`;
  await sql`
    insert into private.cohort_totals
    select f.*, true from private.cohort_changes(null, 'infinity', ${organization}) f`;
}

/** Interactions back to three months a client and on, issues of the last three years among all clients. */
async function loadEvents(
  sql: postgres.TransactionSql,
  organization: string,
  { clients, interactions, issues }: ChurnSize,
): Promise<void> {
  await sql`
    insert into public.client_interactions (organization_id, client_id, type, direction, sentiment, occurred_at, recorded_at)
    select ${organization}, c.id, 'call', case when i % 3 = 0 then 'inbound' else 'outbound' end,
      case when i % 11 = 0 then 'negative' end, x.at, x.at
    from (select id, substr(name, 8)::int as n from public.clients where organization_id = ${organization}) c
    cross join generate_series(1, ceil(${interactions}::float8 / ${clients}::float8)::int) i
    cross join lateral (select now() - (i * 37 + c.n * 13 % 41) * interval '1 day' as at) x`;
  await sql`
    insert into public.client_issues (organization_id, client_id, type, title, opened_at, recorded_at, status, closed_at,
      close_recorded_at)
    select ${organization}, c.id, (array['outage', 'quality', 'billing', 'delay', 'other'])[1 + i / 4 % 5],
      'Issue ' || i % 4, x.at, x.at, case when i % 4 = 0 then 'open' else 'closed' end,
      case when i % 4 <> 0 then x.at + interval '3 days' end, case when i % 4 <> 0 then x.at + interval '3 days' end
    from generate_series(1, ${issues}::int) i
    join (select id, substr(name, 8)::int as n from public.clients where organization_id = ${organization}) c
      on c.n = 1 + (i::bigint * 7919 % ${clients}::int)
    cross join lateral (select now() - (5 + i * 17 % 1000) * interval '1 day' as at) x`;
}

/** Loads organizations as if their clients had been entered day by day. Gives an admin of each, in the same order. */
export async function loadChurn(sql: postgres.Sql, sizes: ChurnSize[]): Promise<Caller[]> {
  const tenants: { caller: Caller; size: ChurnSize }[] = [];
  for (const size of sizes) tenants.push({ caller: await newTenant(sql, size.name), size });
  await sql.begin((transaction) =>
    inBulk(transaction, tables, async () => {
      for (const { caller: { organization }, size } of tenants) {
        await loadLedger(transaction, organization, size.clients);
        await loadEvents(transaction, organization, size);
      }
    })
  );
  for (const table of tables) await sql`vacuum (analyze) ${sql(table)}`;
  for (const { caller } of tenants) await loadRollups(sql, caller.organization);
  await sql`analyze`;
  return tenants.map(({ caller }) => caller);
}

/**
 * Snapshots of a year, one in four of them with rows: random features of all clients in service, higher ones of those
 * who leave within 90 days, so that there is something to learn.
 */
export async function loadSnapshots(sql: postgres.Sql, organization: string): Promise<void> {
  await sql`
    select private.create_feature_partition((date_trunc('month', now()) - make_interval(months => m))::date)
    from generate_series(0, 16) m`;
  await sql`
    insert into private.client_features (organization_id, snapshot_day, client_id, feature_set, "values", labels, mrr, currency)
    select s.organization_id, d.day, s.client_id, 1, array(
        select (random() * 10 + case when s.ends_on <= d.day + 90 then p % 4 else 0 end)::real
        from generate_series(1, 19) p order by p), array[c.segment, null, null, null], 100, 'GHS'
    from (select current_date - 91 - 28 * k as day from generate_series(0, 11) k) d
    join public.client_spells s on s.organization_id = ${organization} and s.starts_on <= d.day
      and (s.ends_on is null or s.ends_on > d.day)
    join public.clients c on c.id = s.client_id`;
  await sql`
    insert into private.feature_runs (organization_id, snapshot_day, clients, finished_at)
    select ${organization}, current_date - 91 - 7 * k, 1 + (
        select count(*) from private.client_features f
        where f.organization_id = ${organization} and f.snapshot_day = current_date - 91 - 7 * k), now()
    from generate_series(0, 47) k`;
  await sql`analyze private.client_features`;
}
