import type postgres from "postgres";

const organizations = 20;
const customersEach = 50_000;

/**
 * Fills a database with 1,000,000 customers of 20 organizations, set-based and without triggers, and with the totals that
 * those would have written. Gives one of the organizations, and its only member.
 */
export async function loadCustomers(
  sql: postgres.Sql,
): Promise<{ organization: string; user: string }> {
  const made = await sql`
    insert into public.organizations (name) select 'Utility ' || i from generate_series(1, ${organizations}) i returning id`;
  const ids = made.map(({ id }) => String(id));
  await sql.begin(async (transaction) => {
    await transaction`alter table public.customers disable trigger user`;
    await transaction`
      insert into public.customers (organization_id, name, account_number, phone, status, arrears, currency, created_at)
      select o.id, 'Kwame Mensah ' || i, 'ACC-' || lpad(((o.n - 1) * ${customersEach} + i)::text, 9, '0'),
        '+23324' || lpad(i::text, 7, '0'), (array['connected', 'disconnected', 'warned'])[1 + i % 3], (i * 137 % 500000) / 100.0,
        'GHS', now() - make_interval(secs => (i * 7919 % 31536000))
      from generate_series(1, ${customersEach}) i, unnest(${ids}::uuid[]) with ordinality o (id, n)`;
    await transaction`alter table public.customers enable trigger user`;
  });
  await sql`
    insert into private.customer_totals
    select organization_id, status, count(*), sum(arrears) from public.customers
    where organization_id = any (${ids}::uuid[]) group by 1, 2`;
  await sql`vacuum (analyze) public.customers`;
  return { organization: ids[7] ?? "", user: await makeMember(sql, ids[7] ?? "") };
}

/** The demo clerk, made an operator of one more organization. */
async function makeMember(sql: postgres.Sql, organization: string): Promise<string> {
  const [clerk] =
    await sql`select id from public.profiles where email = 'clerk@demo.signalbox.test'`;
  await sql`
    insert into public.memberships (organization_id, user_id, role_id)
    select ${organization}, ${clerk?.id}, id from public.roles where organization_id is null and key = 'operator'`;
  return String(clerk?.id);
}
