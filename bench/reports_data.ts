import type postgres from "postgres";
import { fillWithLeads } from "./support/leads.ts";

const shape = { organizations: 2, teams: 5, counselors: 5 };

/** Two organizations, and the admin of each: one with 50,000 leads for previews, one with 100,000 for files. */
export interface ReportPeople {
  previewed: { organization: string; admin: string };
  exported: { organization: string; admin: string };
}

export const previewedLeads = 50_000;
export const exportedLeads = 100_000;

/** Loads the organizations. */
export async function loadReportLeads(sql: postgres.Sql): Promise<ReportPeople> {
  await fillWithLeads(sql, shape, (transaction) =>
    transaction`
      insert into public.leads (organization_id, first_name, last_name, email, phone, source, status, outcome, value,
        currency, tags, team_id, assigned_to, created_by, created_at, updated_at)
      select h.organization_id, 'Ama', 'Mensah ' || i, 'lead' || i || '@school' || h.school || '.example',
        '+23324' || lpad(i::text, 7, '0'),
        (array['website', 'referral', 'facebook', 'walk-in', 'event', 'google', 'radio', 'partner'])[1 + i % 8],
        s.key, s.outcome, (i * 137 % 500000) / 100.0, 'GHS', case when i % 7 = 0 then array['hot', 'fair'] else '{}' end,
        h.team_id, h.user_id, h.user_id, x.at, x.at
      from generate_series(1, ${exportedLeads}) i
      join staff h on h.place = i % ${shape.teams * (shape.counselors + 1)}
        and (h.school = 1 or i <= ${previewedLeads})
      cross join lateral (select now() - make_interval(secs => (i::bigint * 7919 % 31536000)::integer) as at) x
      cross join lateral (
        select (array['new', 'contacted', 'qualified', 'proposal', 'won', 'lost'])[1 + i / 3 % 6] as key,
          (array[null, null, null, null, 'won', 'lost'])[1 + i / 3 % 6] as outcome) s`);
  const rows = await sql<{ organization: string; admin: string; leads: number }[]>`
    select m.organization_id as organization, m.user_id as admin,
      (select count(*)::int from public.leads l where l.organization_id = m.organization_id) as leads
    from public.memberships m join public.roles r on r.id = m.role_id and r.key = 'admin'
    join public.organizations o on o.id = m.organization_id and o.name like 'School %'`;
  const previewed = rows.find(({ leads }) => leads === previewedLeads);
  const exported = rows.find(({ leads }) => leads === exportedLeads);
  if (!previewed || !exported) throw new Error("The leads were not loaded.");
  return { previewed, exported };
}

/** Month × source over a year, as a marketer builds it. */
export const monthBySource = {
  source: "leads",
  grouping: [{ field: "leads.created_at", bucket: "month" }, { field: "leads.source" }],
  aggregations: [
    { function: "count", show: ["share_of_total"] },
    { function: "sum", field: "leads.value" },
  ],
  period: { field: "leads.created_at", name: "last_365_days" },
};

/** The same figures by hand, with subtotals and the grand total. */
export const monthBySourceByHand = (organization: string): string => `
  with period as materialized (
    select (date_trunc('day', now() at time zone 'America/New_York') - interval '365 days') at time zone 'America/New_York' as f,
      date_trunc('day', now() at time zone 'America/New_York') at time zone 'America/New_York' as t
  ), grouped as (
    select date_trunc('month', x.created_at at time zone 'America/New_York') as month, x.source, count(*) as leads,
      sum(x.value) as value, grouping(date_trunc('month', x.created_at at time zone 'America/New_York'), x.source) as level
    from public.leads x
    where x.organization_id = '${organization}' and x.deleted_at is null and x.created_at >= (select f from period)
      and x.created_at < (select t from period)
    group by rollup (1, 2)
  )
  select jsonb_agg(to_jsonb(g)) from (
    select g.*, round(g.leads::numeric / max(g.leads) filter (where g.level = 3) over (), 6) as share
    from grouped g order by g.month, g.source) g`;

/** Twelve columns of single rows, three of them from other tables. */
export const twelveColumns = {
  source: "leads",
  fields: [
    "full_name",
    "email",
    "phone",
    "source",
    "stage",
    "outcome",
    "value",
    "tags",
    "team",
    "assignee",
    "created_at",
    "updated_at",
  ].map((name) => `leads.${name}`),
  sorting: ["leads.created_at"],
};

/** A bare insert of the same rows. */
export const twelveColumnsByHand = (run: string, organization: string): string => `
  insert into private.report_rows (run_id, position, level, cells)
  select '${run}', row_number() over (order by b.created_at, b.id), null, jsonb_build_array(b.full_name, b.email, b.phone,
    b.source, g.label, b.outcome, b.value::text, b.tags, t.name, a.full_name, b.created_at, b.updated_at)
  from public.leads b
  left join public.pipeline_stages g on g.organization_id = b.organization_id and g.key = b.status
  left join public.teams t on t.organization_id = b.organization_id and t.id = b.team_id
  left join public.profiles a on a.id = b.assigned_to
  where b.organization_id = '${organization}' and b.deleted_at is null`;
