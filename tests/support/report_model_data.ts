import { database } from "./db.ts";
import type { ReportOffice } from "./report_office.ts";

/*
 * What reports of an office must show, from its tables and by rules that are written down here once more: which rows a
 * role sees, and what each field of a row is.
 */

export type Type =
  | "text"
  | "choice"
  | "person"
  | "list"
  | "integer"
  | "number"
  | "money"
  | "boolean"
  | "date"
  | "timestamp";

/** A field of the model: its type, and its value in a row as tests compare it (times in ms, money in hundredths). */
export interface ModelField {
  type: Type;
  value: (row: Row) => unknown;
  /** What groups are sorted by instead. */
  order?: (row: Row) => number | null;
  ungrouped?: boolean;
}

export type Row = Record<string, unknown>;

/** A sum, or two to divide. */
export interface ModelMeasure {
  numerator: (row: Row) => number;
  denominator?: (row: Row) => number;
}

export interface ModelSource {
  fields: Record<string, ModelField>;
  measures: Record<string, ModelMeasure>;
  periods: string[];
  /** The rows that a role sees; null if it may not use the source. */
  rows: (role: Role) => Row[] | null;
}

export type Role = "admin" | "manager" | "counselor";
export type Model = Record<string, ModelSource>;

const column = (type: Type, name: string, ungrouped = false): ModelField => ({
  type,
  value: (row) => row[name] ?? null,
  ungrouped,
});
const stage = (prefix: string): ModelField => ({
  type: "text",
  value: (row) => row[`${prefix}stage`] ?? null,
  order: (row) => row[`${prefix}stage_position`] as number | null,
});
const yes = (condition: boolean) => condition ? 1 : 0;

const leadFields: Record<string, ModelField> = {
  full_name: column("text", "full_name"),
  source: column("text", "source"),
  status: column("choice", "status"),
  stage: stage(""),
  outcome: column("choice", "outcome"),
  is_open: { type: "boolean", value: (row) => row["outcome"] === null },
  value: column("money", "value", true),
  tags: column("list", "tags", true),
  country: column("choice", "country"),
  assigned_to: column("person", "assigned_to"),
  assignee: column("text", "assignee"),
  created_at: column("timestamp", "created_at"),
  closed_at: column("timestamp", "closed_at"),
  "custom.program": column("choice", "program"),
  "custom.areas": column("list", "areas", true),
  "custom.score": column("number", "score", true),
  "custom.started": column("date", "started"),
  "custom.sponsored": column("boolean", "sponsored"),
  "custom.remark": column("text", "remark"),
};

const taskFields: Record<string, ModelField> = {
  title: column("text", "title"),
  status: column("choice", "status"),
  priority: column("choice", "priority"),
  assigned_to: column("person", "assigned_to"),
  assignee: column("text", "assignee"),
  due_at: column("timestamp", "due_at"),
  created_at: column("timestamp", "created_at"),
  "lead.source": column("text", "lead_source"),
  "lead.stage": stage("lead_"),
  "lead.custom.program": column("choice", "lead_program"),
};

const interactionFields: Record<string, ModelField> = {
  type: column("choice", "type"),
  direction: column("choice", "direction"),
  outcome: column("text", "outcome"),
  duration_seconds: column("integer", "duration_seconds", true),
  occurred_at: column("timestamp", "occurred_at"),
  author: column("text", "author"),
  "lead.source": column("text", "lead_source"),
  "lead.outcome": column("choice", "lead_outcome"),
};

const customerFields: Record<string, ModelField> = {
  name: column("text", "name"),
  status: column("choice", "status"),
  arrears: column("money", "arrears", true),
  is_in_arrears: { type: "boolean", value: (row) => Number(row["arrears"]) > 0 },
  created_at: column("timestamp", "created_at"),
};

/** The people whose rows a role sees; null for all. */
function teamOf(office: ReportOffice, role: Role): { me: string; mates: string[] } | null {
  const { manager, counselor } = office;
  if (role === "admin") return null;
  return role === "manager"
    ? { me: manager.userId, mates: [manager.userId, counselor.userId] }
    : { me: counselor.userId, mates: [counselor.userId] };
}

const one = (value: unknown, list: string[]) => list.includes(String(value));

/** The team's leads, and one's own; a counselor's own only. */
function sees(office: ReportOffice, role: Role, team: string): (row: Row) => boolean {
  const people = teamOf(office, role);
  if (people === null) return () => true;
  return (row) =>
    (role === "manager" && row["lead_team"] === team) ||
    one(row["lead_assigned_to"], [people.me]) || one(row["lead_created_by"], [people.me]);
}

const ms = (name: string) => `(extract(epoch from ${name}) * 1000)::float8`;
const leadColumns =
  `l.team_id as lead_team, l.assigned_to as lead_assigned_to, l.created_by as lead_created_by, l.source as lead_source,
  l.outcome as lead_outcome, l.custom_fields ->> 'program' as lead_program, g.label as lead_stage,
  g.position as lead_stage_position`;
const stageJoin =
  "left join public.pipeline_stages g on g.organization_id = l.organization_id and g.key = l.status";

async function rowsOf(statement: string, office: ReportOffice): Promise<Row[]> {
  return [...await database().unsafe(statement, [office.id])];
}

const statements = {
  leads:
    `select l.full_name, l.source, l.status, l.outcome, (l.value * 100)::float8 as value, l.tags, l.country,
      l.assigned_to, a.full_name as assignee, ${ms("l.created_at")} as created_at, ${
      ms("l.closed_at")
    } as closed_at,
      l.custom_fields ->> 'program' as program, l.custom_fields -> 'areas' as areas,
      (l.custom_fields ->> 'score')::float8 as score, l.custom_fields ->> 'started' as started,
      (l.custom_fields ->> 'sponsored')::boolean as sponsored, l.custom_fields ->> 'remark' as remark,
      g.label as stage, g.position as stage_position, l.id, ${leadColumns}
    from public.leads l ${stageJoin} left join public.profiles a on a.id = l.assigned_to
    where l.organization_id = $1 and l.deleted_at is null`,
  tasks:
    `select t.title, t.status, t.priority, t.assigned_to, t.created_by, a.full_name as assignee,
      ${ms("t.due_at")} as due_at, ${
      ms("t.created_at")
    } as created_at, t.id, t.lead_id, ${leadColumns}
    from public.tasks t left join public.leads l on l.id = t.lead_id ${stageJoin}
    left join public.profiles a on a.id = t.assigned_to where t.organization_id = $1`,
  interactions: `select i.type, i.direction, i.outcome, i.duration_seconds, ${
    ms("i.occurred_at")
  } as occurred_at,
      a.full_name as author, i.id, ${leadColumns}
    from public.interactions i join public.leads l on l.id = i.lead_id ${stageJoin}
    left join public.profiles a on a.id = i.created_by where i.organization_id = $1`,
  customers: `select c.name, c.status, (c.arrears * 100)::float8 as arrears, ${
    ms("c.created_at")
  } as created_at, c.id
    from public.customers c where c.organization_id = $1`,
};

/** A task is seen by its people, their manager, and those who see its lead; its lead only by the latter. */
function tasksFor(office: ReportOffice, role: Role, team: string, rows: Row[]): Row[] {
  const people = teamOf(office, role);
  const seesLead = sees(office, role, team);
  const hidden = {
    lead_source: null,
    lead_stage: null,
    lead_stage_position: null,
    lead_program: null,
  };
  return rows.filter((row) =>
    people === null || one(row["assigned_to"], people.mates) ||
    one(row["created_by"], people.mates) || (row["lead_id"] !== null && seesLead(row))
  ).map((row) => row["lead_id"] !== null && seesLead(row) ? row : { ...row, ...hidden });
}

/** The model of an office as its tables are now. */
export async function modelOf(office: ReportOffice): Promise<Model> {
  const [leads, tasks, interactions, customers, [team]] = await Promise.all([
    rowsOf(statements.leads, office),
    rowsOf(statements.tasks, office),
    rowsOf(statements.interactions, office),
    rowsOf(statements.customers, office),
    rowsOf(`select id from public.teams where organization_id = $1 and name = 'North'`, office),
  ]);
  const north = String(team?.["id"]);
  const visible = (rows: Row[]) => (role: Role) => rows.filter(sees(office, role, north));
  const is = (name: string, value: string) => (row: Row) => yes(row[name] === value);
  return {
    leads: {
      fields: leadFields,
      measures: {
        won: { numerator: is("outcome", "won") },
        conversion_rate: { numerator: is("outcome", "won"), denominator: () => 1 },
        win_rate: {
          numerator: is("outcome", "won"),
          denominator: (row) => yes(row["outcome"] !== null),
        },
      },
      periods: ["created_at", "closed_at"],
      rows: visible(leads),
    },
    tasks: {
      fields: taskFields,
      measures: {
        done: { numerator: is("status", "done") },
        completion_rate: {
          numerator: is("status", "done"),
          denominator: (row) => yes(row["status"] !== "canceled"),
        },
      },
      periods: ["due_at", "created_at"],
      rows: (role) => tasksFor(office, role, north, tasks),
    },
    interactions: {
      fields: interactionFields,
      measures: {
        calls: { numerator: is("type", "call") },
        minutes_per_call: {
          numerator: (row) => row["type"] === "call" ? Number(row["duration_seconds"]) / 60 : 0,
          denominator: (row) => yes(row["type"] === "call" && row["duration_seconds"] !== null),
        },
      },
      periods: ["occurred_at"],
      rows: visible(interactions),
    },
    customers: {
      fields: customerFields,
      measures: { in_arrears: { numerator: (row) => yes(Number(row["arrears"]) > 0) } },
      periods: ["created_at"],
      rows: (role) => role === "admin" ? customers : null,
    },
  };
}
