import type postgres from "postgres";

/** What a benchmark of churn asks for. */
export interface ChurnSize {
  clients: number;
  interactions: number;
  issues: number;
}

const months = 60;

/** An organization without people, for tables alone. */
export async function newTenant(sql: postgres.Sql, name: string): Promise<string> {
  const [row] = await sql`
    insert into public.organizations (name, time_zone) values (${name}, 'Africa/Accra') returning id`;
  return String(row?.["id"]);
}

/**
 * Clients that joined in the last five years, a third of whom have left and a fifth of whom pay more than at first, as if
 * all had been entered on its day: the ledger, what is derived from it, and the rollups.
 */
async function loadLedger(sql: postgres.Sql, organization: string, clients: number): Promise<void> {
  await sql`
    insert into public.clients (organization_id, name, segment, currency, phone, status, mrr, since, created_at)
    select ${organization}, 'Client ' || n, (array['individual', 'small_business', 'enterprise'])[1 + n % 3], 'GHS',
      '+23324' || lpad((n % 9999999)::text, 7, '0'), case when n % 3 = 0 then 'churned' else 'active' end,
      case when n % 3 = 0 then 0 else 100 + n % 50 + case when n % 5 = 0 then 25 else 0 end end,
      current_date - ${months}::int * 30 + (n * 7919 % (${months}::int * 28)), now() - interval '1 day'
    from generate_series(1, ${clients}::int) n`;
  await sql`
    insert into public.client_movements (organization_id, client_id, day, place, kind, amount, client_change, currency,
      segment, mrr_after, status_after, entry, contract, contract_mrr, entry_currency, entry_segment, reason, cause,
      observed_from, recorded_at)
    select c.organization_id, c.id, x.day, 1, x.kind, x.amount, x.change, 'GHS', c.segment, x.mrr, x.status, x.entry, '',
      nullif(x.mrr, 0), 'GHS', c.segment, x.reason, 'import', x.day, x.day
    from (
      select *, 100 + substr(name, 8)::int % 50 as base, substr(name, 8)::int as n from public.clients
      where organization_id = ${organization}
    ) c
    cross join lateral (
      select c.since as day, 'new' as kind, c.base as amount, 1 as change, c.base as mrr, 'active' as status,
        'amount' as entry, null as reason
      union all
      select least(c.since + 40 + c.n % 200, current_date - 1), 'expansion', 25, 0, c.base + 25, 'active', 'amount', null
      where c.n % 5 = 0 and c.n % 3 <> 0
      union all
      select least(c.since + 1 + c.n * 31 % 900, current_date), 'churn', -c.base, -1, 0, 'churned', 'end', 'price'
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
    select organization_id, day, segment, currency, kind, count(*), sum(amount), true
    from public.client_movements where organization_id = ${organization} group by 1, 2, 3, 4, 5`;
  await sql`
    insert into private.spell_totals
    select f.*, true from private.spell_counts(null, 'infinity', ${organization}) f`;
  await sql`
    insert into private.cohort_totals
    select f.*, true from private.cohort_changes(null, 'infinity', ${organization}) f`;
}

async function loadEvents(
  sql: postgres.Sql,
  organization: string,
  { clients: size, interactions, issues }: ChurnSize,
) {
  await sql`
    insert into public.client_interactions (organization_id, client_id, type, direction, sentiment, occurred_at, recorded_at)
    select ${organization}, c.id, 'call', case when i % 3 = 0 then 'inbound' else 'outbound' end,
      case when i % 11 = 0 then 'negative' end, x.at, x.at
    from (select id, row_number() over () as n, count(*) over () as total from public.clients
      where organization_id = ${organization}) c
    cross join lateral generate_series(1, ceil(${interactions}::float8 / c.total)::int) i
    cross join lateral (select now() - (i * 37 + c.n * 13 % 41) * interval '1 day' as at) x`;
  await sql`
    insert into public.client_issues (organization_id, client_id, type, title, opened_at, recorded_at, status, closed_at, close_recorded_at)
    select ${organization}, c.id, 'outage', 'Issue ' || i % 4, x.at, x.at, case when i % 4 = 0 then 'open' else 'closed' end,
      case when i % 4 <> 0 then x.at + interval '3 days' end, case when i % 4 <> 0 then x.at + interval '3 days' end
    from generate_series(1, ${issues}::int) i
    join (select id, row_number() over () as n, count(*) over () as total from public.clients
      where organization_id = ${organization}) c on c.n = 1 + i % ${size}
    cross join lateral (select now() - (5 + i * 17 % 400) * interval '1 day' as at) x`;
}

/** Loads an organization as if its clients had been entered day by day. Triggers rest meanwhile. */
export async function loadChurn(sql: postgres.Sql, name: string, size: ChurnSize): Promise<string> {
  const organization = await newTenant(sql, name);
  await sql.begin(async (transaction) => {
    const tx = transaction as unknown as postgres.Sql;
    for (const table of ["clients", "client_movements", "client_interactions", "client_issues"]) {
      await tx.unsafe(`alter table public.${table} disable trigger user`);
    }
    await loadLedger(tx, organization, size.clients);
    await loadRollups(tx, organization);
    if (size.interactions > 0) await loadEvents(tx, organization, size);
    for (const table of ["clients", "client_movements", "client_interactions", "client_issues"]) {
      await tx.unsafe(`alter table public.${table} enable trigger user`);
    }
  });
  await sql`analyze`;
  return organization;
}
