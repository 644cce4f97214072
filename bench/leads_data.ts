import type postgres from "postgres";

const organizations = 20;
const leadsEach = 50_000;
const teamsEach = 5;
const counselorsEach = 5;

/** Who asks in the benchmark, all of one organization. */
export interface LeadPeople {
  organization: string;
  admin: string;
  manager: string;
  counselor: string;
  /** A lead of the counselor's with much on its timeline. */
  lead: string;
}

/**
 * Fills a database with 1,000,000 leads of 20 organizations, each with five teams of a manager and five counselors,
 * set-based and without triggers; `totals` then writes what those would have written. A tenth is unassigned.
 */
export async function loadLeads(
  sql: postgres.Sql,
  totals: (sql: postgres.Sql) => Promise<void>,
): Promise<LeadPeople> {
  await sql.begin(async (transaction) => {
    await transaction`create temp table made (organization_id uuid, n integer) on commit drop`;
    await transaction`
      with o as (
        insert into public.organizations (name) select 'School ' || i from generate_series(1, ${organizations}) i
        returning id)
      insert into made select id, row_number() over () from o`;
    await transaction`
      insert into public.teams (organization_id, name)
      select m.organization_id, 'Team ' || t from made m, generate_series(1, ${teamsEach}) t`;
    await loadPeople(transaction);
    await transaction`alter table public.leads disable trigger user`;
    await loadRows(transaction);
    await transaction`alter table public.leads enable trigger user`;
  });
  await loadTimeline(sql);
  await totals(sql);
  await sql`vacuum (analyze) public.leads`;
  await sql`vacuum (analyze) public.interactions`;
  return await people(sql);
}

/** One manager and the counselors of each team, and an admin of each organization. Nobody signs in as them. */
async function loadPeople(sql: postgres.TransactionSql): Promise<void> {
  await sql`
    create temp table staff on commit drop as
    select m.organization_id, m.n, t.id as team_id, gen_random_uuid() as user_id, k as place,
      case when k = 0 then 'manager' else 'counselor' end as role,
      row_number() over (partition by m.organization_id order by t.name, k) - 1 as position
    from made m
    join public.teams t on t.organization_id = m.organization_id
    cross join generate_series(0, ${counselorsEach}) k`;
  await sql`
    insert into staff select m.organization_id, m.n, null, gen_random_uuid(), 0, 'admin', -1 from made m`;
  await sql`
    insert into auth.users (id, email, raw_user_meta_data)
    select user_id, user_id || '@bench.example', jsonb_build_object('full_name', initcap(role) || ' ' || place) from staff`;
  await sql`
    insert into public.memberships (organization_id, user_id, role_id, team_id)
    select s.organization_id, s.user_id, r.id, s.team_id
    from staff s join public.roles r on r.organization_id is null and r.key = s.role`;
}

async function loadRows(sql: postgres.TransactionSql): Promise<void> {
  await sql`
    insert into public.leads (organization_id, first_name, last_name, email, phone, source, status, outcome, closed_at, value,
      currency, tags, custom_fields, team_id, assigned_to, assigned_at, created_by, sla_status, sla_started_at, sla_deadline,
      sla_next_at, created_at, updated_at)
    select m.organization_id, (array['Ama', 'Kwame', 'Efua', 'Yaw', 'Abena', 'Kojo', 'Akosua'])[1 + i % 7],
      (array['Mensah', 'Owusu', 'Sarpong', 'Darko', 'Osei'])[1 + i / 7 % 5] || ' ' || i,
      'lead' || i || '@school' || m.n || '.example', '+23324' || lpad(i::text, 7, '0'),
      (array['website', 'referral', 'facebook', 'walk-in', 'event', 'google', 'radio', 'partner'])[1 + i % 8],
      stage.key, stage.outcome, case when stage.outcome is not null then now() end, (i * 137 % 500000) / 100.0, 'GHS',
      case when i % 50 = 0 then array['hot', 'fair'] else '{}' end, jsonb_build_object('program', 'Program ' || i % 40),
      holder.team_id, case when i % 10 > 0 then holder.user_id end, case when i % 10 > 0 then now() end, creator.user_id,
      clock.status, clock.at, clock.at, case when clock.status = 'running' then clock.at + interval '10 years' end,
      made.at, made.at
    from made m
    cross join generate_series(1, ${leadsEach}) i
    cross join lateral (select now() - make_interval(secs => (i::bigint * 7919 % 31536000)::integer) as at) made
    join staff holder on holder.organization_id = m.organization_id
      and holder.position = (i / 10 % ${teamsEach}) * ${
    counselorsEach + 1
  } + 1 + i / 50 % ${counselorsEach}
    join staff creator on creator.organization_id = m.organization_id
      and creator.position = (i / 10 % ${teamsEach}) * ${
    counselorsEach + 1
  } + 1 + i / 250 % ${counselorsEach}
    cross join lateral (
      select (array['new', 'contacted', 'qualified', 'proposal', 'won', 'lost'])[1 + i / 3 % 6] as key,
        (array[null, null, null, null, 'won', 'lost'])[1 + i / 3 % 6] as outcome) stage
    cross join lateral (
      select case when i % 10 > 0 and stage.outcome is null then
        case i % 97 when 1 then 'due_soon' when 2 then 'breached' else 'running' end end as status, made.at) clock`;
}

/** A thousand interactions and a hundred tasks on one counselor's lead; ten interactions on each of a thousand others. */
async function loadTimeline(sql: postgres.Sql): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`alter table public.interactions disable trigger user`;
    await transaction`alter table public.tasks disable trigger user`;
    await transaction`
      insert into public.interactions (organization_id, lead_id, type, body, created_by)
      select l.organization_id, l.id, 'call', 'Call ' || n, l.assigned_to
      from (
        select l.*, row_number() over (order by l.organization_id, l.last_name) as place from public.leads l
        where l.assigned_to is not null order by l.organization_id, l.last_name limit 1001
      ) l, lateral generate_series(1, case l.place when 1 then 1000 else 10 end) n`;
    await transaction`
      insert into public.tasks (organization_id, lead_id, title, assigned_to, created_by)
      select l.organization_id, l.id, 'Task ' || n, l.assigned_to, l.assigned_to
      from (
        select * from public.leads where assigned_to is not null order by organization_id, last_name limit 1
      ) l, generate_series(1, 100) n`;
    await transaction`alter table public.interactions enable trigger user`;
    await transaction`alter table public.tasks enable trigger user`;
  });
}

/** The people around the lead with the long timeline. */
async function people(sql: postgres.Sql): Promise<LeadPeople> {
  const [row] = await sql`
    select l.id as lead, l.organization_id as organization, l.assigned_to as counselor,
      (select m.user_id from public.memberships m join public.roles r on r.id = m.role_id
        where m.organization_id = l.organization_id and m.team_id = l.team_id and r.key = 'manager') as manager,
      (select m.user_id from public.memberships m join public.roles r on r.id = m.role_id
        where m.organization_id = l.organization_id and r.key = 'admin') as admin
    from public.leads l where l.id = (select lead_id from public.interactions group by lead_id order by count(*) desc limit 1)`;
  const text = (name: string) => String(row?.[name]);
  return {
    organization: text("organization"),
    admin: text("admin"),
    manager: text("manager"),
    counselor: text("counselor"),
    lead: text("lead"),
  };
}
