import type { LeadPeople } from "./leads_data.ts";
import { branches, type Question, type Role, totals } from "./leads_questions.ts";

/** The rows of the day counter that a role reads, as somebody writes them who knows the scope. */
function counted(table: string, { organization, ...people }: LeadPeople, role: Role, from: number) {
  const period =
    `organization_id = '${organization}' and day between current_date - ${from} and current_date`;
  if (table === "holder_day_totals") {
    const all = `select * from private.holder_day_totals where ${period} and creator_id is null`;
    const created = `select * from private.holder_day_totals where ${period} and creator_id = '${
      people[role]
    }'`;
    if (role === "admin") return all;
    return role === "manager"
      ? `${all} and (team_id = '${people.team}' or holder_id = '${
        people[role]
      }') union all ${created}
         and team_id is distinct from '${people.team}'`
      : `${all} and holder_id = '${people[role]}' union all ${created}`;
  }
  const rows = `select * from private.lead_day_totals where ${period}`;
  const own = `${rows} and person_id = '${people[role]}'`;
  if (role === "admin") return `${rows} and person_id is null and team_id is null`;
  return role === "manager"
    ? `${rows} and person_id is null and team_id = '${people.team}' union all ${own}
       and team_id is distinct from '${people.team}'`
    : own;
}

/** Open leads that wait for a response, twenty of those whose clock has this state. */
const waiting = (people: LeadPeople, role: Role, state: string) =>
  `(select jsonb_agg(to_jsonb(w)) from (
     select x.id, x.full_name, x.email, x.phone, x.sla_deadline, x.sla_breached_at from public.leads x
     where x.organization_id = '${people.organization}' and x.deleted_at is null and (${
    branches(role, people).join(" or ")
  }) and x.sla_status = '${state}' and x.outcome is null and x.sla_responded_at is null
     order by x.created_at desc limit 20) w)`;

/** What needs attention, as somebody asks for it who knows the permissions of the role. */
function alertsByHand(people: LeadPeople, role: Role): string {
  const { organization } = people;
  const own =
    `select count(*) from (select from public.tasks t where t.organization_id = '${organization}'
    and t.assigned_to = '${
      people[role]
    }' and t.status in ('open', 'in_progress') and t.due_at < now()
    and not t.lead_deleted order by t.due_at limit 100) o`;
  const paused = `select jsonb_agg(to_jsonb(s)) from (
    select r.name, s.pause_reason, s.updated_at from public.report_schedules s join public.reports r on r.id = s.report_id
    where s.organization_id = '${organization}' and s.status = 'paused'
      and s.pause_reason not in ('by_person', 'report_deleted') order by s.updated_at desc limit 20) s`;
  const ofAdmins = [
    `select count(*) from public.campaign_alerts where organization_id = '${organization}' and resolved_at is null`,
    `select count(*) from public.sms_accounts where organization_id = '${organization}' and status = 'circuit_open'`,
    `select count(*) from public.lead_imports where organization_id = '${organization}' and status = 'failed'
       and created_at > now() - interval '7 days'`,
    `select count(*) from public.webhook_endpoints where organization_id = '${organization}' and status = 'disabled'`,
    `select count(*) from public.api_keys where organization_id = '${organization}' and revoked_at is null
       and expires_at between now() and now() + interval '14 days'`,
  ];
  const parts = [
    `select sum(t.leads) from ${
      totals("lead_total", role, people)
    } and not t.assigned and t.outcome is null`,
    own,
    paused,
    ...(role === "admin" ? ofAdmins : []),
  ];
  return `select ${waiting(people, role, "breached")}, ${waiting(people, role, "due_soon")}, ${
    parts.map((part) => `(${part})`).join(", ")
  }`;
}

/** The figures of leads of so many days, beside SQL over the same counters. */
export const leadAnalytics = (days: number): Question[] => [
  {
    what: "GET /analytics/kpis",
    ours: ({ organization }) =>
      `select public.lead_kpis('${organization}', current_date - ${days - 1})`,
    byHand: (people, role) => [
      `select day > current_date - ${days} as current, currency, sum(leads), sum(leads) filter (where outcome = 'won'),
         sum(leads) filter (where outcome = 'lost'), sum(leads) filter (where outcome is null), sum(value),
         sum(value) filter (where outcome = 'won'), sum(value) filter (where outcome is null)
       from (${counted("lead_day_totals", people, role, 2 * days - 1)}) t group by 1, 2`,
    ],
  },
  {
    what: "GET /analytics/lead-volume",
    ours: ({ organization }) =>
      `select public.lead_volume('${organization}', current_date - ${days - 1})`,
    byHand: (people, role) => [
      `select d.day, coalesce(c.leads, 0), coalesce(c.won, 0)
       from generate_series(current_date - ${days - 1}, current_date, interval '1 day') d (day)
       left join (
         select day, sum(leads) as leads, sum(leads) filter (where outcome = 'won') as won
         from (${counted("lead_day_totals", people, role, days - 1)}) t group by 1
       ) c on c.day = d.day::date order by 1`,
    ],
  },
  {
    what: "GET /analytics/funnel",
    ours: ({ organization }) =>
      `select public.lead_funnel('${organization}', current_date - ${days - 1})`,
    byHand: (people, role) => [
      `select s.key, (
         select sum(t.leads) from (${counted("lead_day_totals", people, role, days - 1)}) t
         join public.pipeline_stages f on f.organization_id = s.organization_id and f.key = t.furthest_status
         where f.position >= s.position)
       from public.pipeline_stages s
       where s.organization_id = '${people.organization}' and s.outcome is distinct from 'lost' order by s.position`,
    ],
  },
  {
    what: "GET /analytics/conversion-by-source",
    ours: ({ organization }) =>
      `select public.conversion_by_source('${organization}', current_date - ${days - 1})`,
    byHand: (people, role) => [
      `select source, sum(leads), sum(leads) filter (where outcome = 'won'), sum(leads) filter (where outcome = 'lost')
       from (${counted("lead_day_totals", people, role, days - 1)}) t group by 1 order by 2 desc`,
    ],
  },
  {
    what: "GET /analytics/counselor-performance",
    ours: ({ organization }) =>
      `select public.counselor_performance('${organization}', current_date - ${days - 1})`,
    byHand: (people, role) => [
      `select p.full_name, h.* from (
         select holder_id, sum(leads), sum(leads) filter (where outcome = 'won'),
           sum(leads) filter (where outcome = 'lost'), (
             select sum(i.interactions) from private.interaction_day_totals i
             where i.organization_id = '${people.organization}' and i.person_id = t.holder_id
               and i.day between current_date - ${days - 1} and current_date)
         from (${counted("holder_day_totals", people, role, days - 1)}) t group by 1
       ) h join public.profiles p on p.id = h.holder_id`,
    ],
  },
  {
    what: "GET /analytics/alerts",
    ours: ({ organization }) => `select public.lead_alerts('${organization}')`,
    byHand: (people, role) => [alertsByHand(people, role)],
  },
];
