import type postgres from "postgres";
import { fillWithLeads } from "./support/leads.ts";

/** What a campaign of the benchmarks is sent to, and by whom. */
export interface Audience {
  organization: string;
  admin: string;
  /** A marketing template with a variable. */
  template: string;
  /** A number that may send faster than anybody can. */
  account: string;
  number: string;
}

const number = "+12125550142";
const marketing = "Hi {{first_name|there}}, the open day is on Saturday. Reply STOP to opt out.";

/**
 * Fills a database with one organization of `leads` leads, in the order of their creation, whose American numbers are in
 * no order; 1 % have none, 2 % share another's. 95 % consented, 1 % took it back, 2 % opted out. There is a registry of
 * `listed` numbers, half of them of leads, an internal list and one of litigators, and some replies await a decision.
 */
export async function loadAudience(
  sql: postgres.Sql,
  { leads, listed }: { leads: number; listed: number },
): Promise<Audience> {
  await fillWithLeads(
    sql,
    { organizations: 1, teams: 1, counselors: 1 },
    (transaction) => insertLeads(transaction, leads),
  );
  const [organization] = await sql`
    select organization_id as id from public.leads group by 1 order by count(*) desc limit 1`;
  const id = String(organization?.id);
  await insertEvidence(sql, id);
  await insertLists(sql, id, listed);
  const [account] = await sql`
    insert into public.sms_accounts (organization_id, provider, sender_id, per_second)
    values (${id}, 'twilio', ${number}, 100000) returning id`;
  const [template] = await sql`
    insert into public.templates (organization_id, name, category, body)
    values (${id}, 'Open day', 'marketing', ${marketing}) returning id`;
  for (const table of ["public.consents", "public.suppressions", "private.dnc_numbers"]) {
    await sql`vacuum (analyze) ${sql(table)}`;
  }
  const [admin] = await sql`
    select m.user_id as id from public.memberships m join public.roles r on r.id = m.role_id
    where m.organization_id = ${id} and r.key = 'admin'`;
  return {
    organization: id,
    admin: String(admin?.id),
    account: String(account?.id),
    template: String(template?.id),
    number,
  };
}

/** Moves the law's hours so that a benchmark can send at any hour, and adds caps that nobody reaches: all are still checked. */
export async function openAllDay(sql: postgres.Sql): Promise<void> {
  await sql`update private.contact_windows set opens = '00:00', closes = '23:59:59'`;
  await sql`update private.contact_caps set messages = 1000`;
  await sql`
    update public.organizations set quiet_hours_start = null, quiet_hours_end = null, marketing_gap_messages = 1000,
      marketing_gap_hours = 24, messages_per_second = 100000`;
}

/** Numbers of all area codes of the United States. The last four digits are never one of the simulated carrier's special ones. */
async function insertLeads(sql: postgres.TransactionSql, leads: number): Promise<void> {
  await sql`
    create temp table codes on commit drop as
    select code, row_number() over (order by code) - 1 as n from private.area_codes
    where country = 'US' and region is not null`;
  await sql`
    insert into public.leads (organization_id, first_name, last_name, phone, source, status, currency, created_at, updated_at)
    select s.organization_id, (array['Ama', 'Kwame', 'Efua', 'Yaw', 'Abena'])[1 + i % 5], 'Mensah ' || i,
      case when i % 100 > 0 then '+1' || c.code || 200 + n.key / 9000 % 800 || 1000 + n.key % 9000 end,
      'website', 'new', 'USD', now() - (${leads} - i) * interval '1 second', now()
    from generate_series(1, ${leads}::integer) i
    -- Every fiftieth has the number of the one before it.
    cross join lateral (select ((case when i % 50 = 7 then i - 1 else i end)::bigint * 7654321 % 1000003)::integer as key) n
    join codes c on c.n = n.key % (select count(*) from codes)
    join staff s on s.place is null
    order by i`;
}

async function insertEvidence(sql: postgres.Sql, organization: string): Promise<void> {
  const numbered = sql`
    select l.phone, row_number() over (order by l.id) as n from public.leads l
    where l.organization_id = ${organization} and l.phone is not null`;
  await sql`
    insert into public.consents (organization_id, phone, event, source, disclosure, occurred_at)
    select ${organization}, x.phone, 'granted', 'https://school.example/form', 'I agree to get texts about programs and events.', now()
    from (${numbered}) x where x.n % 20 > 0`;
  await sql`
    insert into public.consents (organization_id, phone, event, source, occurred_at)
    select ${organization}, x.phone, 'revoked', 'reply', now() from (${numbered}) x where x.n % 100 = 1`;
  await sql`
    insert into public.suppressions (organization_id, phone, source)
    select distinct ${organization}::uuid, x.phone, 'reply' from (${numbered}) x where x.n % 50 = 2`;
  await sql`
    insert into public.reply_reviews (organization_id, phone, message_id)
    select distinct on (x.phone) ${organization}::uuid, x.phone, gen_random_uuid() from (${numbered}) x where x.n % 2000 = 3`;
}

async function insertLists(
  sql: postgres.Sql,
  organization: string,
  listed: number,
): Promise<void> {
  const lists = { registry: listed, internal: listed / 100, litigator: listed / 1_000 };
  for (const [kind, count] of Object.entries(lists)) {
    const [list] = await sql`
      insert into public.dnc_lists (organization_id, name, kind, status)
      values (${organization}, ${kind}, ${kind}, 'active') returning id`;
    await sql`
      insert into private.dnc_numbers (organization_id, phone, list_id)
      select distinct ${organization}::uuid, l.phone, ${list?.id}::uuid
      from (
        select l.phone from public.leads l where l.organization_id = ${organization} and l.phone is not null
        order by hashtextextended(l.id::text, ${count}) limit ${count / 2}::integer
      ) l
      union all
      select ${organization}::uuid, '+1900' || 1000000 + n, ${list?.id}::uuid from generate_series(1, ${
      count / 2
    }::integer) n`;
  }
}

/** A campaign to all leads, about to freeze its audience as if somebody had just started it. */
export async function startCampaign(sql: postgres.Sql, audience: Audience): Promise<string> {
  const [campaign] = await sql`
    insert into public.campaigns (organization_id, name, status, started_at, audience)
    values (${audience.organization}, 'Open day', 'freezing', now() + interval '1 second', '{"filter": {}}') returning id`;
  await sql`
    insert into public.campaign_templates (organization_id, campaign_id, template_id)
    values (${audience.organization}, ${campaign?.id}, ${audience.template})`;
  await sql`
    insert into public.campaign_numbers (organization_id, campaign_id, account_id)
    values (${audience.organization}, ${campaign?.id}, ${audience.account})`;
  return String(campaign?.id);
}
