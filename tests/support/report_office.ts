import type postgres from "postgres";
import { database } from "./db.ts";
import { type Dice, pick } from "./dice.ts";
import { addMembers, newOrganization, newTeam, type Organization, type Session } from "./people.ts";

/** An organization with rows to report on, and people with different scopes. */
export interface ReportOffice extends Organization {
  zone: string;
  manager: Session;
  counselor: Session;
  /** A counselor of the other team. */
  stranger: Session;
}

const sources = ["fair", "website", "walk-in", "referral", "Facebook"];
const stages = ["new", "contacted", "qualified", "proposal", "won", "lost"];
const firstNames = ["Ama", "Kofi", "Esi", "yaw", "Abena", "Kojo"];
const tags = ["hot", "vip", "web", "a,b", "50%"];
const day = 86_400_000;

/** The custom fields of the office's leads. */
const customFields: [string, string, string[]][] = [
  ["program", "choice", ["MBA", "Law", "Nursing"]],
  ["areas", "choices", ["Art", "Music", "Sport"]],
  ["score", "number", []],
  ["started", "date", []],
  ["sponsored", "boolean", []],
  ["remark", "text", []],
];

function customValues(roll: Dice): Record<string, unknown> {
  const some = <T>(value: T) => roll(3) > 0 ? value : undefined;
  return JSON.parse(JSON.stringify({
    program: some(pick(roll, ["MBA", "Law", "Nursing"])),
    areas: some(["Art", "Music", "Sport"].filter(() => roll(2) === 0)),
    score: some(roll(100) / 4),
    started: some(`2026-0${1 + roll(9)}-1${roll(9)}`),
    sponsored: some(roll(2) === 0),
    remark: some(pick(roll, ["100%", "under_score", "back\\slash", "plain"])),
  }));
}

/** Rows of the office's leads: people of both teams, some without anybody. */
function leadRows(roll: Dice, office: ReportOffice, count: number) {
  const people = [office.manager, office.counselor, office.stranger, office.admin, null];
  return Array.from({ length: count }, (_, index) => ({
    organization_id: office.id,
    first_name: pick(roll, firstNames),
    last_name: `Lead ${index}`,
    source: pick(roll, sources).toLowerCase(),
    status: pick(roll, stages),
    value: (roll(100_000) / 100).toFixed(2),
    currency: "GHS",
    tags: tags.filter(() => roll(3) === 0),
    country: pick(roll, ["GH", "NG", null]),
    assigned_to: pick(roll, people)?.userId ?? null,
    created_by: pick(roll, people)?.userId ?? null,
    created_at: new Date(Date.now() - roll(120 * 24 * 60) * 60_000),
    custom_fields: customValues(roll),
  }));
}

async function insertLeads(sql: postgres.TransactionSql, rows: ReturnType<typeof leadRows>) {
  await sql`insert into public.leads (organization_id, first_name, last_name, source, status, value, currency, tags, country,
      assigned_to, created_by, created_at, custom_fields)
    select r.organization_id, r.first_name, r.last_name, r.source, r.status, r.value, r.currency, r.tags, r.country,
      r.assigned_to, r.created_by, r.created_at, r.custom_fields
    from jsonb_populate_recordset(null::public.leads, ${sql.json(rows as never)}::jsonb) r`;
}

/** Tasks and interactions, most of them about the office's leads. */
async function insertActivities(
  sql: postgres.TransactionSql,
  roll: Dice,
  office: ReportOffice,
  leads: string[],
) {
  const people = [office.manager, office.counselor, office.stranger].map(({ userId }) => userId);
  const at = () => new Date(Date.now() - roll(60 * 24 * 60) * 60_000);
  const tasks = leads.map((lead) => ({
    organization_id: office.id,
    lead_id: roll(5) === 0 ? null : lead,
    title: `Task ${roll(1_000)}`,
    status: pick(roll, ["open", "in_progress", "done", "canceled"]),
    priority: pick(roll, ["low", "normal", "high"]),
    assigned_to: roll(5) === 0 ? null : pick(roll, people),
    created_by: pick(roll, people),
    due_at: roll(4) === 0 ? null : new Date(at().getTime() + 30 * day),
    created_at: at(),
  }));
  const interactions = leads.flatMap((lead) =>
    Array.from({ length: roll(3) }, () => ({
      organization_id: office.id,
      lead_id: lead,
      type: pick(roll, ["call", "note", "meeting", "email"]),
      direction: pick(roll, ["inbound", "outbound", null]),
      outcome: pick(roll, ["reached", "no answer", null]),
      duration_seconds: roll(2) === 0 ? null : roll(1_200),
      occurred_at: at(),
      created_by: pick(roll, people),
    }))
  );
  await sql`insert into public.tasks ${sql(tasks)}`;
  await sql`insert into public.interactions ${sql(interactions)}`;
}

async function insertCustomers(sql: postgres.TransactionSql, roll: Dice, office: ReportOffice) {
  const customers = Array.from({ length: 40 }, (_, index) => ({
    organization_id: office.id,
    name: `Customer ${index}`,
    account_number: `A-${index}`,
    phone: `+23324410${String(1000 + index)}`,
    status: pick(roll, ["connected", "disconnected", "warned"]),
    arrears: (roll(200_000) / 100 - 500).toFixed(2),
    currency: "GHS",
    created_at: new Date(Date.now() - roll(90) * day),
  }));
  await sql`insert into public.customers ${sql(customers)}`;
}

/** An organization in this time zone with two teams, and random rows. */
export async function newReportOffice(
  roll: Dice,
  { zone = "Africa/Accra", leads = 60 }: { zone?: string; leads?: number } = {},
): Promise<ReportOffice> {
  const organization = await newOrganization({ settings: { time_zone: zone, currency: "GHS" } });
  const [manager, counselor, stranger] = await addMembers(organization, [
    { role: "manager", fullName: "Mensah Manager" },
    { role: "counselor", fullName: "comfort Counselor" },
    { role: "counselor", fullName: "Stella Stranger" },
  ]);
  if (!manager || !counselor || !stranger) throw new Error("The people were not added.");
  await newTeam(organization, [manager, counselor], "North");
  await newTeam(organization, [stranger], "South");
  const office = { ...organization, zone, manager, counselor, stranger };
  await database().begin(async (sql) => {
    for (const [position, [key, type, choices]] of customFields.entries()) {
      await sql`insert into public.lead_fields (organization_id, key, label, type, choices, position)
        values (${office.id}, ${key}, ${key}, ${type}, ${choices}, ${position + 1})`;
    }
    await insertLeads(sql, leadRows(roll, office, leads));
    const found = await sql<{ id: string }[]>`
      select id from public.leads where organization_id = ${office.id} order by last_name`;
    await insertActivities(sql, roll, office, found.map(({ id }) => id));
    await insertCustomers(sql, roll, office);
  });
  return office;
}
