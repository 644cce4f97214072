import type { LeadPeople } from "./leads_data.ts";
import type { Question, Role } from "./leads_questions.ts";

const days = 90;

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

/** The figures of leads of ninety days, beside SQL over the same counters. */
export const leadAnalytics: Question[] = [
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
];
