import type postgres from "postgres";

/** Sizes by Zipf's law: the n-th largest of `tenants` has its share 1/n of the whole. */
export function zipf(tenants: number, whole: number): number[] {
  const sum = Array.from({ length: tenants }, (_, n) => 1 / (n + 1)).reduce((a, b) => a + b, 0);
  return Array.from({ length: tenants }, (_, n) => Math.max(1, Math.round(whole / (n + 1) / sum)));
}

/** Only the measurement claims texts: without its address the database starts no dispatcher. */
export async function stopDispatcher(sql: postgres.Sql): Promise<void> {
  await sql`delete from vault.secrets where name = 'project_url'`;
}

/**
 * Adds tenants from number `first` on, each with a number at Twilio, and leads by their sizes. The tenant's number is its
 * rank; its sender is +1555 and the rank.
 */
export async function addTenants(sql: postgres.Sql, first: number, sizes: number[]): Promise<void> {
  await sql`
    with made as (
      insert into public.organizations (name, country, time_zone, currency, quiet_hours_start, quiet_hours_end)
      select 'Tenant ' || n, 'US', 'America/New_York', 'USD', null, null
      from generate_series(${first}::integer, ${first + sizes.length - 1}::integer) n
      returning id, split_part(name, ' ', 2)::integer as rank
    ), senders as (
      insert into public.sms_accounts (organization_id, provider, sender_id, is_default)
      select id, 'twilio', '+1555' || lpad(rank::text, 7, '0'), false from made
    )
    select count(*) from made`;
  await sql`
    insert into public.leads (organization_id, first_name, last_name, phone, source)
    select a.organization_id, 'Lead', n::text, '+1212' || lpad((2000000 + (s.rank * 7919 + n) % 7000000)::text, 7, '0'), 'scaling'
    from unnest(${sizes}::integer[]) with ordinality as s (size, rank)
    join public.sms_accounts a on a.sender_id = '+1555' || lpad((${first}::integer - 1 + s.rank)::text, 7, '0')
    cross join lateral generate_series(1, s.size) n`;
  await sql`analyze`;
}

/** Queues so many texts, spread over the tenants by Zipf's law. */
export async function queueTexts(sql: postgres.Sql, tenants: number, texts: number): Promise<void> {
  await sql`
    insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status, provider)
    select a.organization_id, a.id, '+1212' || lpad((5550000 + n)::text, 7, '0'), a.sender_id, 'Your meter is read on Monday.',
      'GSM-7', 1, 'queued', 'twilio'
    from unnest(${zipf(tenants, texts)}::integer[]) with ordinality as s (size, rank)
    join public.sms_accounts a on a.sender_id = '+1555' || lpad(s.rank::text, 7, '0')
    cross join lateral generate_series(1, s.size) n`;
}

/** Makes the demo's admin an admin of a tenant too. */
export async function addAdmin(
  sql: postgres.Sql,
  rank: number,
): Promise<{ organization: string; user: string }> {
  const [member] = await sql<{ organization: string; user: string }[]>`
    insert into public.memberships (organization_id, user_id, role_id)
    select o.id, u.id, r.id
    from public.organizations o, auth.users u, public.roles r
    where o.name = ${`Tenant ${rank}`} and u.email = 'admin@demo.signalbox.test'
      and r.key = 'admin' and r.organization_id is null
    on conflict on constraint memberships_once do update set status = 'active'
    returning organization_id as organization, user_id as user`;
  if (!member) throw new Error(`Nobody can be an admin of tenant ${rank}.`);
  return member;
}
