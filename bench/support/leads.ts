import type postgres from "postgres";
import { inBulk } from "./bulk.ts";

/** How many organizations, teams in each, and counselors in each team, beside the manager of a team and an admin. */
export interface Shape {
  organizations: number;
  teams: number;
  counselors: number;
}

/**
 * Fills an empty database with organizations and their people, and then with leads by `insert`: set-based, without
 * triggers, and with the indexes and foreign keys made at the end. `insert` finds the people
 * in the temporary table `staff` (organization_id, school, team_id, user_id, place), `school` and `place` counted from 0
 * through all organizations and through the teams of each; the managers are at multiples of counselors + 1, an admin has
 * no place. Nobody signs in as them.
 */
export async function fillWithLeads(
  sql: postgres.Sql,
  shape: Shape,
  insert: (transaction: postgres.TransactionSql) => Promise<unknown>,
): Promise<void> {
  await sql.begin(async (transaction) => {
    await loadPeople(transaction, shape);
    await inBulk(transaction, ["public.leads"], async () => {
      // Benches that are not about funnels leave out what the trigger would have set.
      await transaction`alter table public.leads alter furthest_status set default 'new'`;
      await insert(transaction);
      await transaction`alter table public.leads alter furthest_status drop default`;
    });
  });
  await sql`vacuum (analyze) public.leads`;
}

async function loadPeople(sql: postgres.TransactionSql, shape: Shape): Promise<void> {
  const size = shape.counselors + 1;
  await sql`
    create temp table staff on commit drop as
    with made as (
      insert into public.organizations (name, time_zone)
      select 'School ' || i, 'America/New_York' from generate_series(1, ${shape.organizations}) i returning id
    ), numbered as (
      select id, row_number() over () - 1 as school from made
    ), teams as (
      insert into public.teams (organization_id, name)
      select m.id, 'Team ' || t from made m, generate_series(1, ${shape.teams}) t returning id, organization_id
    ), placed as (
      select id, organization_id, row_number() over (partition by organization_id) - 1 as team from teams
    )
    select n.id as organization_id, n.school, t.id as team_id, gen_random_uuid() as user_id, t.team * ${size} + k as place,
      case k when 0 then 'manager' else 'counselor' end as role
    from numbered n join placed t on t.organization_id = n.id cross join generate_series(0, ${shape.counselors}) k
    union all
    select n.id, n.school, null, gen_random_uuid(), null, 'admin' from numbered n`;
  await sql`
    insert into auth.users (id, email, raw_user_meta_data)
    select user_id, user_id || '@bench.example', jsonb_build_object('full_name', initcap(role) || coalesce(' ' || place, ''))
    from staff`;
  await sql`
    insert into public.memberships (organization_id, user_id, role_id, team_id)
    select s.organization_id, s.user_id, r.id, s.team_id
    from staff s join public.roles r on r.organization_id is null and r.key = s.role`;
  await sql`analyze staff`;
}
