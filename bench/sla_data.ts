import type postgres from "postgres";
import { fillWithLeads } from "./support/leads.ts";

const shape = { organizations: 20, teams: 1, counselors: 9 };
const leadsEach = 50_000;

/**
 * Fills a database with 1,000,000 open leads of 20 organizations, each with a team of a manager and nine counselors. All
 * clocks run, and none is due for weeks. Gives one of the organizations.
 */
export async function loadClocks(sql: postgres.Sql): Promise<string> {
  await fillWithLeads(sql, shape, (transaction) =>
    transaction`
    insert into public.leads (organization_id, first_name, last_name, email, phone, status, value, currency, custom_fields,
      team_id, assigned_to, assigned_at, created_by, sla_status, sla_started_at, sla_deadline, sla_next_at, created_at)
    select c.organization_id, 'Ama', 'Mensah ' || i, 'lead' || i || '@example.com', '+23324' || lpad(i::text, 7, '0'), 'new',
      (i * 137 % 500000) / 100.0, 'GHS', jsonb_build_object('program', 'Program ' || i % 40), c.team_id, c.user_id, now(), c.user_id,
      'running', now(), now() + interval '60 days', now() + interval '59 days',
      now() - make_interval(secs => (i::bigint * 7919 % 31536000)::integer)
    from generate_series(1, ${leadsEach}) i
    join staff c on c.place = 1 + i % ${shape.counselors}`);
  const [row] = await sql`select id from public.organizations where name = 'School 1'`;
  return String(row?.id);
}
