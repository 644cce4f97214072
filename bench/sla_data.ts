import type postgres from "postgres";

const organizations = 20;
const leadsEach = 50_000;
const counselorsEach = 9;

/**
 * Fills a database with 1,000,000 open leads of 20 organizations, each with a team of a manager and nine counselors. All
 * clocks run, and none is due for weeks. Set-based and without triggers. Gives one of the organizations.
 */
export async function loadClocks(sql: postgres.Sql): Promise<string> {
  await sql.begin(async (transaction) => {
    await loadPeople(transaction);
    // Building the indexes once is many times faster than keeping them.
    const indexes = await transaction<{ name: string; definition: string }[]>`
      select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
      where indrelid = 'public.leads'::regclass and not indisunique`;
    for (const { name } of indexes) await transaction.unsafe(`drop index ${name}`);
    await transaction`alter table public.leads disable trigger user`;
    await transaction`
      insert into public.leads (organization_id, first_name, last_name, email, phone, status, value, currency, custom_fields,
        team_id, assigned_to, assigned_at, created_by, sla_status, sla_started_at, sla_deadline, sla_next_at, created_at)
      select c.organization_id, 'Ama', 'Mensah ' || i, 'lead' || i || '@example.com', '+23324' || lpad(i::text, 7, '0'), 'new',
        (i * 137 % 500000) / 100.0, 'GHS', jsonb_build_object('program', 'Program ' || i % 40), c.team_id, c.user_id, now(), c.user_id,
        'running', now(), now() + interval '60 days', now() + interval '59 days',
        now() - make_interval(secs => (i::bigint * 7919 % 31536000)::integer)
      from generate_series(1, ${leadsEach}) i
      join staff c on c.place = 1 + i % ${counselorsEach}`;
    await transaction`alter table public.leads enable trigger user`;
    for (const { definition } of indexes) await transaction.unsafe(definition);
  });
  await sql`vacuum (analyze) public.leads`;
  const [row] = await sql`select organization_id as id from public.leads limit 1`;
  return String(row?.id);
}

/** An organization's team: a manager (place 0) and counselors. Nobody signs in as them. */
async function loadPeople(sql: postgres.TransactionSql): Promise<void> {
  await sql`
    create temp table staff on commit drop as
    with made as (
      insert into public.organizations (name, time_zone)
      select 'School ' || i, 'America/New_York' from generate_series(1, ${organizations}) i returning id
    ), teams as (
      insert into public.teams (organization_id, name) select id, 'North' from made returning id, organization_id
    )
    select t.organization_id, t.id as team_id, place, gen_random_uuid() as user_id
    from teams t, generate_series(0, ${counselorsEach}) place`;
  await sql`
    insert into auth.users (id, email, raw_user_meta_data)
    select user_id, user_id || '@bench.example', jsonb_build_object('full_name', 'Person ' || place) from staff`;
  await sql`
    insert into public.memberships (organization_id, user_id, role_id, team_id)
    select s.organization_id, s.user_id, r.id, s.team_id
    from staff s join public.roles r on r.organization_id is null
      and r.key = case s.place when 0 then 'manager' else 'counselor' end`;
}
