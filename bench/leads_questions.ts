import type { LeadPeople } from "./leads_data.ts";

export type Role = "admin" | "manager" | "counselor";

/** Something that people wait for, and how a careful hand would ask for it without row level security. */
export interface Question {
  what: string;
  ours: (people: LeadPeople) => string;
  /** Statements for the same rows, the role's reach written out; the fastest is the one to compare with. */
  byHand: (people: LeadPeople, role: Role) => string[];
}

/** The leads of a role as conditions that an index can answer each. */
export function branches(role: Role, { team, ...people }: LeadPeople): string[] {
  const own = [`x.assigned_to = '${people[role]}'`, `x.created_by = '${people[role]}'`];
  return { admin: ["true"], manager: [`x.team_id = '${team}'`, ...own], counselor: own }[role];
}

const columns =
  `id, version, first_name, last_name, full_name, email, phone, source, status, outcome, status_since, closed_at,
  value, currency, tags, time_zone, country, region, custom_fields, team_id, assigned_to, assigned_at, created_by, sla_status,
  sla_started_at, sla_deadline, sla_responded_at, sla_breached_at, sla_explicit, deleted_at, created_at, updated_at`;

const named = (leads: string, order: string) => `
  select jsonb_agg(to_jsonb(p)) from (
    select ${
  columns.replaceAll(/\w+/g, "x.$&")
}, a.full_name as assigned_to_name, c.full_name as created_by_name
    from ${leads} x
    left join public.profiles a on a.id = x.assigned_to left join public.profiles c on c.id = x.created_by
    order by ${order}) p`;

/** A page and its total in each way that comes to mind: one condition with "or", or what each branch gives put together. */
function pages(where: string, reached: string[], order: string): string[] {
  const either = `${where} and (${reached.join(" or ")})`;
  const first = (condition: string) =>
    `(select x.* from public.leads x where ${condition} order by ${order} limit 50)`;
  const counts = reached.map((branch, place) =>
    `(select count(*) from public.leads x where ${where} and ${branch}${
      reached.slice(0, place).map((earlier) => ` and (${earlier}) is not true`).join("")
    })`
  );
  const found = [
    first(either),
    `(select x.* from (${
      reached.map((branch) =>
        first(`${where} and ${branch}`).replace("x.*", `x.id, x.${order.split(/[ .,]/)[1]}`)
      ).join(" union ")
    } order by ${order.replaceAll("x.", "")} limit 50) f join public.leads x using (id))`,
  ];
  const counted = [`(select count(*) from public.leads x where ${either})`, counts.join(" + ")];
  if (reached.length === 1) return [`select ${counted[0]}, (${named(first(either), order)})`];
  return found.flatMap((leads) =>
    counted.map((total) => `select ${total}, (${named(leads, order)})`)
  );
}

/** GET /leads with filters, against the same page and count with the condition written out. */
function list(
  query: string,
  filters: Record<string, string> | ((people: LeadPeople) => Record<string, string>),
  condition: string | ((people: LeadPeople) => string),
  sort = "-created_at",
): Question {
  const given = (people: LeadPeople) => typeof filters === "function" ? filters(people) : filters;
  const order = sort.startsWith("-") ? `x.${sort.slice(1)} desc, x.id desc` : `x.${sort}, x.id`;
  return {
    what: `GET /leads${query}`,
    ours: (people) =>
      `select public.list_leads('${people.organization}', '${
        JSON.stringify(given(people))
      }', '${sort}', 50, 0) as answer`,
    byHand: (people, role) =>
      pages(
        `x.organization_id = '${people.organization}' and x.deleted_at is null${
          typeof condition === "function" ? condition(people) : condition
        }`,
        branches(role, people),
        order,
      ),
  };
}

function search(query: string, term: (people: LeadPeople) => string): Question {
  return list(
    query,
    (people) => ({ search: term(people) }),
    (people) => ` and x.search_text like '%${term(people)}%'`,
  );
}

const moment = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString();

export const lists: Question[] = [
  list("", {}, ""),
  list("?status=…", { status: "qualified" }, " and x.status = 'qualified'"),
  list("?source=…", { source: "event" }, " and x.source = 'event'"),
  list(
    "?assigned_to={id}",
    ({ counselor }) => ({ assigned_to: counselor }),
    ({ counselor }) => ` and x.assigned_to = '${counselor}'`,
  ),
  list("?assigned_to=none", { assigned_to: "none" }, " and x.assigned_to is null"),
  list("?team_id=…", ({ team }) => ({ team_id: team }), ({ team }) => ` and x.team_id = '${team}'`),
  list("?tag=…", { tag: "hot" }, " and x.tags @> '{hot}'"),
  list("?sla=due", { sla: "due" }, " and x.sla_status = 'due_soon'"),
  list("?sla=breached", { sla: "breached" }, " and x.sla_status = 'breached'"),
  list(
    "?created_from=… (30 days)",
    { created_from: moment(30) },
    ` and x.created_at >= '${moment(30)}'`,
  ),
  list("?created_to=…", { created_to: moment(180) }, ` and x.created_at < '${moment(180)}'`),
  list(
    "?created_from&created_to&status&source",
    { created_from: moment(90), created_to: moment(60), status: "new", source: "event" },
    ` and x.created_at >= '${moment(90)}' and x.created_at < '${
      moment(60)
    }' and x.status = 'new' and x.source = 'event'`,
  ),
  list("?status&tag", { status: "won", tag: "hot" }, " and x.status = 'won' and x.tags @> '{hot}'"),
  list("?sort=-updated_at", {}, "", "-updated_at"),
  list("?sort=full_name", {}, "", "full_name"),
  list("?sort=-value", {}, "", "-value"),
  list("?sort=sla_deadline", {}, "", "sla_deadline"),
  search("?search=… (one match)", ({ name }) => name),
  search("?search=… (many matches)", () => "owusu 1"),
];

/** The rows of totals that make up a role's leads; `t` also has what is not added up yet. */
export function totals(
  table: string,
  role: Role,
  { organization, team, ...people }: LeadPeople,
): string {
  const whose = {
    admin: "t.person_id is null",
    manager: `(t.person_id is null and t.team_id = '${team}'
      or t.person_id = '${people[role]}' and t.team_id is distinct from '${team}')`,
    counselor: `t.person_id = '${people[role]}'`,
  }[role];
  return `private.${table}s t
    where t.organization_id = '${organization}' and ${whose}`;
}

const summary = (people: LeadPeople, role: Role) => `
  select jsonb_agg(jsonb_build_object('stage', s.key, 'label', s.label, 'position', s.position, 'count', coalesce(f.leads, 0),
    'value', coalesce(f.value, 0)) order by s.position)
  from public.pipeline_stages s
  left join (select status, sum(leads) as leads, sum(value) as value from ${
  totals("lead_total", role, people)
} group by status) f
    on f.status = s.key
  where s.organization_id = '${people.organization}'`;

const metrics = (people: LeadPeople, role: Role) => `
  with f as materialized (
    select status, outcome, source, sla_status, assigned, sum(leads) as leads, sum(value) as value
    from ${totals("lead_total", role, people)} group by 1, 2, 3, 4, 5
  ), s as materialized (
    select outcome, response_minutes, sum(events) as events from ${
  totals("sla_total", role, people)
} group by 1, 2
  ), m as (
    select response_minutes, sum(events) over (order by response_minutes) as upto, sum(events) over () as total
    from s where response_minutes is not null
  )
  select (select jsonb_build_object('total', sum(leads), 'open', sum(leads) filter (where outcome is null),
      'won', sum(leads) filter (where outcome = 'won'), 'lost', sum(leads) filter (where outcome = 'lost'),
      'value', sum(value), 'open_value', sum(value) filter (where outcome is null),
      'won_value', sum(value) filter (where outcome = 'won'), 'lost_value', sum(value) filter (where outcome = 'lost'),
      'unassigned', sum(leads) filter (where outcome is null and not assigned),
      'due_soon', sum(leads) filter (where sla_status = 'due_soon'),
      'breached', sum(leads) filter (where sla_status = 'breached')) from f),
    (select sum(leads) from ${totals("lead_arrival", role, people)}
      and quarter_hour >= date_trunc('day', now(), 'America/New_York')),
    (select jsonb_build_object('met', sum(events) filter (where outcome = 'met'),
      'breached', sum(events) filter (where outcome = 'breached'),
      'median', (select min(response_minutes) from m where upto >= 0.5 * total),
      'p90', (select min(response_minutes) from m where upto >= 0.9 * total)) from s),
    (select jsonb_agg(jsonb_build_object('status', p.key, 'label', p.label, 'outcome', p.outcome, 'count', c.leads, 'value', c.value)
        order by p.position)
      from public.pipeline_stages p
      left join (select status, sum(leads) as leads, sum(value) as value from f group by 1) c on c.status = p.key
      where p.organization_id = '${people.organization}'),
    (select jsonb_agg(c order by leads desc) from (select source, sum(leads) as leads from f group by 1) c)`;

/** By who holds them: the role's leads, and the people whom its reach covers. */
function perAssignee(people: LeadPeople, role: Role): string {
  const { organization, team, [role]: me } = people;
  const [whose, members] = {
    admin: ["t.creator_id is null", "true"],
    manager: [
      `(t.creator_id is null and (t.team_id = '${team}' or t.holder_id = '${me}')
        or t.creator_id = '${me}' and t.team_id is distinct from '${team}')`,
      `m.team_id = '${team}'`,
    ],
    counselor: [
      `(t.creator_id is null and t.holder_id = '${me}' or t.creator_id = '${me}')`,
      `m.user_id = '${me}'`,
    ],
  }[role];
  return `
    with held as (
      select holder_id, sum(leads) filter (where outcome is null) as open, sum(leads) filter (where sla_status = 'due_soon') as due_soon,
        sum(leads) filter (where sla_status = 'breached') as breached, sum(leads) filter (where outcome = 'won') as converted
      from private.holder_totals t
      where t.organization_id = '${organization}' and ${whose} group by 1
    ), people as (
      select m.user_id from public.memberships m
      join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold'
      where m.organization_id = '${organization}' and m.status = 'active' and ${members}
      union select holder_id from held
    )
    select jsonb_agg(jsonb_build_object('user_id', p.user_id, 'full_name', u.full_name, 'open', h.open, 'due_soon', h.due_soon,
      'breached', h.breached, 'converted', h.converted) order by h.open desc)
    from people p left join held h on h.holder_id = p.user_id left join public.profiles u on u.id = p.user_id`;
}

/** All from the totals, which are there for it; a recount of the leads would be no match. */
export const figures: Question[] = [
  {
    what: "GET /pipeline/summary",
    ours: ({ organization }) => `select public.pipeline_summary('${organization}')`,
    byHand: (people, role) => [summary(people, role)],
  },
  {
    what: "GET /dashboard/metrics",
    ours: ({ organization }) => `select public.lead_dashboard('${organization}')`,
    byHand: (people, role) => [metrics(people, role)],
  },
  {
    what: "GET /dashboard/leads-per-assignee",
    ours: ({ organization }) => `select public.leads_per_assignee('${organization}')`,
    byHand: (people, role) => [perAssignee(people, role)],
  },
];

const timelineParts = ({ organization, lead }: LeadPeople) =>
  [
    [
      "interactions",
      "'interaction'",
      "jsonb_build_object('type', type, 'direction', direction, 'subject', subject, 'body', body, " +
      "'outcome', outcome, 'duration_seconds', duration_seconds, 'occurred_at', occurred_at)",
      "created_by",
    ],
    [
      "tasks",
      "'task'",
      "jsonb_build_object('title', title, 'status', status, 'priority', priority, 'due_at', due_at, " +
      "'completed_at', completed_at, 'assigned_to', assigned_to, 'assigned_to_name', " +
      "(select full_name from public.profiles p where p.id = assigned_to))",
      "created_by",
    ],
    [
      "messages",
      "'message'",
      "jsonb_build_object('direction', direction, 'status', status, 'body', body, 'to', to_number, " +
      "'from', from_number)",
      "created_by",
    ],
    [
      "lead_history",
      "'stage_change'",
      "jsonb_build_object('from_status', from_status, 'to_status', to_status, " +
      "'seconds_in_stage', seconds_in_stage, 'note', note)",
      "changed_by",
    ],
    [
      "lead_assignments",
      "'assignment'",
      "jsonb_build_object('from_user', from_user, 'to_user', to_user, 'to_user_name', " +
      "(select full_name from public.profiles p where p.id = to_user), 'method', method, 'note', note, 'deadline', deadline)",
      "assigned_by",
    ],
    [
      "students",
      "'student_added'",
      "jsonb_build_object('student_id', id, 'student_name', first_name || ' ' || last_name)",
      "created_by",
    ],
  ].map(([table, kind, detail, actor]) =>
    `(select id, ${kind} as kind, ${actor} as actor_id, created_at, ${detail} as detail from public.${table}
    where organization_id = '${organization}' and lead_id = '${lead}' order by id desc limit 51)`
  );

/** A role's tasks: theirs, their team's and those of leads that they see; all found once, for the page and the total. */
function tasksByHand({ organization, team, ...people }: LeadPeople, role: Role): string[] {
  const theirs = {
    admin: "",
    manager:
      `(select user_id from public.memberships where organization_id = '${organization}' and team_id = '${team}')`,
    counselor: `('${people.counselor}')`,
  }[role];
  const where = `x.organization_id = '${organization}' and not x.lead_deleted`;
  const shown = (source: string) =>
    `select jsonb_agg(to_jsonb(t)) from (
    select x.*, coalesce(nullif(l.full_name, ''), l.email) as lead_name, a.full_name as assigned_to_name, c.full_name as created_by_name
    from ${source} left join public.leads l on l.id = x.lead_id left join public.profiles a on a.id = x.assigned_to
    left join public.profiles c on c.id = x.created_by order by x.due_at, x.id) t`;
  if (role === "admin") {
    return [
      `select (select count(*) from public.tasks x where ${where}), (${
        shown(`(select * from public.tasks x where ${where} order by x.due_at, x.id limit 50) x`)
      })`,
    ];
  }
  const leads =
    `select x.id from public.leads x where x.organization_id = '${organization}' and x.deleted_at is null and (${
      branches(role, { organization, team, ...people }).join(" or ")
    })`;
  const conditions = [
    `x.assigned_to in ${theirs}`,
    `x.created_by in ${theirs} and (x.assigned_to in ${theirs}) is not true`,
    `(x.assigned_to in ${theirs}) is not true and (x.created_by in ${theirs}) is not true and x.lead_id in (${leads})`,
  ];
  const reached = conditions.map((condition) =>
    `select x.id, x.due_at from public.tasks x where ${where} and ${condition}`
  );
  return [`with r as materialized (${reached.join(" union all ")})
    select (select count(*) from r), (${
    shown("(select id from r order by due_at, id limit 50) p join public.tasks x using (id)")
  })`];
}

/** Pages of what hangs under leads. */
export const pagesUnderLeads: Question[] = [
  {
    what: "GET /tasks",
    ours: ({ organization }) =>
      `select public.list_tasks('${organization}', '{}', 'due_at', 50, 0)`,
    byHand: tasksByHand,
  },
  {
    what: "GET /leads/{id}/timeline (1,200 events)",
    ours: ({ organization, lead }) =>
      `select public.lead_timeline('${organization}', '${lead}', 50)`,
    byHand: (people) => [`
      select jsonb_agg(to_jsonb(e) || jsonb_build_object('actor_name', u.full_name) order by e.id desc)
      from (
        select * from (${timelineParts(people).join(" union all ")} union all
          select id, 'lead_created', created_by, created_at, jsonb_build_object('source', source) from public.leads where id = '${people.lead}'
        ) all_kinds order by id desc limit 51
      ) e left join public.profiles u on u.id = e.actor_id`],
  },
];
