import type postgres from "postgres";
import { fillWithLeads } from "./support/leads.ts";

const largeOrganizations = 20;
const shape = { organizations: largeOrganizations + 1, teams: 5, counselors: 5 };
const leadsEach = 50_000;
/** The last organization is younger, with as many leads a day. */
const leadsOfYoung = leadsEach / 5;
const tasksEach = 10_000;
const staffInTeams = shape.teams * (shape.counselors + 1);

/** Who asks in the benchmark, all of one organization. */
export interface LeadPeople {
  organization: string;
  team: string;
  admin: string;
  manager: string;
  counselor: string;
  /** A lead of the counselor's with much on its timeline, and its last name, which no other lead of the organization has. */
  lead: string;
  name: string;
}

/**
 * Fills a database with 1,000,000 leads of 20 organizations, each with five teams of a manager and five counselors, with
 * their clocks, tasks and totals. A tenth is unassigned, a quarter was created by somebody of whatever team. Another
 * organization has 10,000 leads of the last 73 days.
 * @returns people of one of the 20, and of the young one.
 */
export async function loadLeads(
  sql: postgres.Sql,
): Promise<{ people: LeadPeople; young: LeadPeople }> {
  await fillWithLeads(sql, shape, insertLeads);
  const found = await people(sql, 12_347);
  await withoutTriggers(sql, [
    "tasks",
    "interactions",
    "lead_history",
    "lead_assignments",
    "sla_events",
  ], async (transaction) => {
    await insertTasks(transaction);
    await insertTimeline(transaction, found);
    await insertEvents(transaction);
  });
  await countAll(sql);
  for (const table of ["tasks", "interactions", "lead_history", "lead_assignments", "sla_events"]) {
    await sql`vacuum (analyze) ${sql("public." + table)}`;
  }
  for (
    const table of [
      "lead_totals",
      "holder_totals",
      "lead_arrivals",
      "sla_totals",
      "lead_day_totals",
      "holder_day_totals",
      "interaction_day_totals",
    ]
  ) {
    await sql`vacuum (analyze) ${sql("private." + table)}`;
  }
  return { people: found, young: await people(sql, 2_347, true) };
}

/** In the order of their creation, so that the leads of an organization lie between those of the others. */
async function insertLeads(sql: postgres.TransactionSql): Promise<void> {
  await sql`
    insert into public.leads (organization_id, first_name, last_name, email, phone, source, status, outcome,
      furthest_status, closed_at, value,
      currency, tags, custom_fields, team_id, assigned_to, assigned_at, created_by, sla_status, sla_started_at, sla_deadline,
      sla_next_at, sla_responded_at, sla_breached_at, created_at, updated_at)
    select h.organization_id, (array['Ama', 'Kwame', 'Efua', 'Yaw', 'Abena', 'Kojo', 'Akosua'])[1 + i % 7],
      (array['Mensah', 'Owusu', 'Sarpong', 'Darko', 'Osei'])[1 + i / 7 % 5] || ' ' || i,
      'lead' || i || '@school' || h.school || '.example', '+23324' || lpad(i::text, 7, '0'),
      (array['website', 'referral', 'facebook', 'walk-in', 'event', 'google', 'radio', 'partner'])[1 + i % 8],
      s.key, s.outcome, case when s.outcome = 'lost' then 'contacted' else s.key end,
      case when s.outcome is not null then x.at + interval '9 days' end, (i * 137 % 500000) / 100.0, 'GHS',
      case when i % 49 = 0 then array['hot', 'fair'] else '{}' end, jsonb_build_object('program', 'Program ' || i % 40),
      h.team_id, x.holder, case when x.holder is not null then x.at end, c.user_id,
      k.status, case when k.status is not null then x.at end,
      case k.status when 'running' then now() + interval '60 days' when 'due_soon' then now() + interval '20 days'
        when 'met' then x.at + interval '2 hours' when 'breached' then x.at + interval '2 hours' end,
      case k.status when 'running' then now() + interval '59 days' when 'due_soon' then now() + interval '20 days' end,
      case when k.status = 'met' then x.at + make_interval(mins => i % 120) end,
      case when k.status = 'breached' then x.at + interval '2 hours' end, x.at, x.at
    from generate_series(1, ${leadsEach}) i
    join staff h on h.place = i / 10 % ${shape.teams} * ${
    shape.counselors + 1
  } + 1 + i / 50 % ${shape.counselors}
    join staff c on c.school = h.school and c.place = case when i % 4 = 0 then i / 4 % ${staffInTeams}
      else h.place / ${shape.counselors + 1} * ${shape.counselors + 1} + i / 250 % ${
    shape.counselors + 1
  } end
    cross join lateral (
      select case when i % 10 > 0 then h.user_id end as holder,
        now() - make_interval(secs => ((i + h.school * 40)::bigint * 7919
          % case when h.school < ${largeOrganizations} then 31536000 else 31536000 / 5 end)::integer) as at) x
    cross join lateral (
      select (array['new', 'contacted', 'qualified', 'proposal', 'won', 'lost'])[1 + i / 3 % 6] as key,
        (array[null, null, null, null, 'won', 'lost'])[1 + i / 3 % 6] as outcome) s
    cross join lateral (
      select case when x.holder is null then null when i % 3 = 0 then 'met' when i % 41 = 1 then 'breached'
        when s.outcome is not null then null when i % 97 = 1 then 'due_soon' else 'running' end as status) k
    where h.school < ${largeOrganizations} or i <= ${leadsOfYoung}
    order by x.at`;
}

async function withoutTriggers(
  sql: postgres.Sql,
  tables: string[],
  insert: (transaction: postgres.TransactionSql) => Promise<void>,
): Promise<void> {
  await sql.begin(async (transaction) => {
    for (const table of tables) {
      await transaction`alter table ${sql("public." + table)} disable trigger user`;
    }
    await insert(transaction);
    for (const table of tables) {
      await transaction`alter table ${sql("public." + table)} enable trigger user`;
    }
  });
}

/** On some leads of each organization one task, mostly done by now. */
async function insertTasks(sql: postgres.TransactionSql): Promise<void> {
  await sql`
    insert into public.tasks (organization_id, lead_id, title, status, priority, due_at, completed_at, assigned_to, created_by,
      created_at, updated_at)
    select l.organization_id, l.id, 'Call back ' || n, case n % 5 when 0 then 'open' when 1 then 'in_progress' else 'done' end,
      (array['low', 'normal', 'high'])[1 + n % 3], l.created_at + make_interval(days => (n % 20)::integer),
      case when n % 5 > 1 then l.created_at + interval '1 day' end, coalesce(l.assigned_to, l.created_by), l.created_by,
      l.created_at, l.created_at
    from (
      select l.*, row_number() over (partition by organization_id order by created_at) as n from public.leads l
    ) l where n % ${leadsEach / tasksEach} = 0`;
}

/** On one lead a thousand interactions and some of all else; on some others a few interactions. */
async function insertTimeline(
  sql: postgres.TransactionSql,
  { lead, counselor }: LeadPeople,
): Promise<void> {
  await sql`
    insert into public.interactions (organization_id, lead_id, type, body, created_by)
    select l.organization_id, l.id, 'call', 'Call ' || n, l.created_by
    from public.leads l, generate_series(1, 3) n where l.created_at > now() - interval '10 days'`;
  for (let part = 0; part < 10; part++) {
    await sql`
      insert into public.interactions (organization_id, lead_id, type, body, created_by)
      select organization_id, id, 'call', 'Call ' || n, ${counselor} from public.leads, generate_series(1, 100) n
      where id = ${lead}`;
    await sql`
      insert into public.tasks (organization_id, lead_id, title, assigned_to, created_by)
      select organization_id, id, 'Task ' || n, ${counselor}, ${counselor} from public.leads, generate_series(1, 10) n
      where id = ${lead}`;
    await sql`
      insert into public.lead_history (organization_id, lead_id, from_status, to_status, changed_by)
      select organization_id, id, 'new', 'contacted', ${counselor} from public.leads, generate_series(1, 5) n
      where id = ${lead}`;
    await sql`
      insert into public.lead_assignments (organization_id, lead_id, to_user, assigned_by)
      select organization_id, id, ${counselor}, ${counselor} from public.leads, generate_series(1, 5) n
      where id = ${lead}`;
  }
}

/** What became of the clocks. */
async function insertEvents(sql: postgres.TransactionSql): Promise<void> {
  await sql`
    insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline, met, response_minutes)
    select organization_id, id, case sla_status when 'met' then 'response' else 'breach' end, assigned_to, team_id, sla_deadline,
      case sla_status when 'met' then true end, extract(epoch from sla_responded_at - sla_started_at)::integer / 60
    from public.leads where sla_status in ('met', 'breached')`;
}

/** The totals as the triggers would have written them, had they been on. */
async function countAll(sql: postgres.Sql): Promise<void> {
  await sql`
    select private.record_lead_changes(array_agg(c::private.lead_change))
    from (
      select organization_id, team_id, assigned_to, created_by, status, outcome, source, sla_status,
        case when created_at > now() - interval '3 days'
          then date_bin('15 minutes', created_at, timestamptz '2000-01-01 00:00+00') end, count(*), sum(value)
      from public.leads group by 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) c`;
  await sql`
    select private.record_lead_days(array_agg(c::private.lead_day_change))
    from (
      select organization_id, team_id, assigned_to, created_by,
        date_bin('15 minutes', created_at, timestamptz '2000-01-01 00:00+00'), source, status, outcome, furthest_status,
        currency, count(*), sum(value)
      from public.leads group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    ) c`;
  await sql`select private.record_interaction_days(array_agg(i), 1) from public.interactions i`;
  await sql`select private.record_sla_events(array_agg(e), 1) from public.sla_events e`;
  await sql`select private.roll_up_counters()`;
}

/** The people around one counselor's lead: the one of this number in a large organization, or in the young one. */
async function people(sql: postgres.Sql, number: number, isYoung = false): Promise<LeadPeople> {
  const [row] = await sql`
    select l.id as lead, lower(l.last_name) as name, l.organization_id as organization, l.team_id as team,
      l.assigned_to as counselor, (
        select m.user_id from public.memberships m join public.roles r on r.id = m.role_id
        where m.organization_id = l.organization_id and m.team_id = l.team_id and r.key = 'manager') as manager, (
        select m.user_id from public.memberships m join public.roles r on r.id = m.role_id
        where m.organization_id = l.organization_id and r.key = 'admin') as admin
    from public.leads l
    where l.assigned_to is not null and l.last_name like ${`% ${number}`} and l.organization_id in (
      select f.organization_id from public.leads f group by 1 having (count(*) <= ${leadsOfYoung}::int) = ${isYoung})
    limit 1`;
  const text = (name: string) => String(row?.[name]);
  return {
    organization: text("organization"),
    team: text("team"),
    admin: text("admin"),
    manager: text("manager"),
    counselor: text("counselor"),
    lead: text("lead"),
    name: text("name"),
  };
}
