import type { Sql } from "postgres";
import { withDatabase } from "./db.ts";
import { call, type Caller, expectStatus } from "./http.ts";
import { addMember, newOrganization, type Organization, type Session } from "./organization.ts";

/** A lead as the API shows it, as far as tests look at it. */
export interface LeadBody {
  id: string;
  version: number;
  first_name: string;
  last_name: string;
  email: string | null;
  phone: string | null;
  status: string;
  outcome: string | null;
  status_since: string;
  closed_at: string | null;
  value: string;
  tags: string[];
  custom_fields: Record<string, unknown>;
  team_id: string | null;
  assigned_to: string | null;
  assigned_to_name: string | null;
}

/** What became of leads that were assigned in bulk. */
export interface BulkBody {
  assigned: number;
  skipped: { lead_id: string; reason: string }[];
  by_user: Record<string, number>;
}

/** A move or an assignment, oldest first. */
export interface HistoryRow {
  from_status: string | null;
  to_status: string;
  seconds_in_stage: number | null;
  note: string | null;
  changed_by: string | null;
}

let leads = 0;

/** Stores leads, oldest first, each a minute older than the next, and gives their ids in that order. */
export async function storeLeads(
  organization: { id: string },
  count: number,
  fields: Record<string, string | number | null> = {},
): Promise<string[]> {
  const rows = Array.from({ length: count }, (_, place) => ({
    organization_id: organization.id,
    first_name: `Lead ${++leads}`,
    created_at: new Date(Date.now() - (count - place) * 60_000),
    ...fields,
  }));
  return await withDatabase(async (sql) => {
    const stored = await sql<{ id: string }[]>`insert into public.leads ${sql(rows)} returning id`;
    return stored.map(({ id }) => id);
  });
}

/** Stores one lead and gives its id. */
export async function storeLead(
  organization: { id: string },
  fields: Record<string, string | number | null> = {},
): Promise<string> {
  const [id] = await storeLeads(organization, 1, fields);
  return id ?? "";
}

/** The lead's row as it is now, with its arrays and numbers as text. */
export async function leadRow(id: string): Promise<Record<string, unknown>> {
  const rows = await withDatabase((sql) => sql`select * from public.leads where id = ${id}`);
  return rows[0] ?? {};
}

/** The lead's moves, oldest first. */
export async function movesOf(id: string): Promise<HistoryRow[]> {
  return await withDatabase(async (sql) =>
    [
      ...await sql<HistoryRow[]>`
      select from_status, to_status, seconds_in_stage::float8, note, changed_by
      from public.lead_history where lead_id = ${id} order by id`,
    ].map((row) => ({ ...row }))
  );
}

/** The lead's assignments, oldest first. */
export async function assignmentsOf(id: string): Promise<Record<string, unknown>[]> {
  return await withDatabase(async (sql) =>
    [
      ...await sql`
      select id, from_user, to_user, method, note, deadline, assigned_by
      from public.lead_assignments where lead_id = ${id} order by id`,
    ].map((row) => ({ ...row }))
  );
}

/** Puts people into a new team of the organization and gives its id. */
export async function newTeam(organization: Organization, people: Session[]): Promise<string> {
  return await withDatabase(async (sql) => {
    const [team] = await sql<{ id: string }[]>`
      insert into public.teams (organization_id, name)
      values (${organization.id}, ${crypto.randomUUID()}) returning id`;
    const id = team?.id ?? "";
    await sql`update public.memberships set team_id = ${id}
      where organization_id = ${organization.id} and user_id in ${
      sql(people.map(({ userId }) => userId))
    }`;
    return id;
  });
}

/** An organization with an admin, a manager whose team has two counselors, and a counselor of no team. */
export async function salesOffice() {
  const organization = await newOrganization();
  const manager = await addMember(organization, "manager");
  const [first, second, stranger] = [
    await addMember(organization, "counselor"),
    await addMember(organization, "counselor"),
    await addMember(organization, "counselor"),
  ];
  const team = await newTeam(organization, [manager, first, second]);
  return { organization, admin: organization.admin, manager, first, second, stranger, team };
}

/** The organization with this capacity for everybody. */
export async function setCapacity(organization: { id: string }, capacity: number | null) {
  await withDatabase((sql) =>
    sql`update public.lead_settings set capacity = ${capacity}
      where organization_id = ${organization.id}`
  );
}

/** Assigns a lead over HTTP. */
export async function assign(session: Caller, lead: string, to: string | null): Promise<LeadBody> {
  const body = { assigned_to: to };
  return expectStatus(await call(session, "PATCH", `/leads/${lead}/assign`, body), 200);
}

/** Assigns leads in bulk over HTTP. */
export async function bulkAssign(session: Caller, body: unknown): Promise<BulkBody> {
  return expectStatus(await call(session, "POST", "/leads/bulk-assign", body), 200);
}

/** Moves a lead over HTTP. */
export async function move(session: Caller, lead: string, status: string): Promise<LeadBody> {
  return expectStatus(await call(session, "PATCH", `/leads/${lead}/status`, { status }), 200);
}

/** How many open leads each person holds, counted. */
export async function openLeads(sql: Sql, organizationId: string): Promise<Map<string, number>> {
  const rows = await sql<{ holder: string; open: number }[]>`
    select assigned_to as holder, count(*)::int as open from public.leads
    where organization_id = ${organizationId} and assigned_to is not null
      and deleted_at is null and outcome is null group by 1`;
  return new Map(rows.map(({ holder, open }) => [holder, open]));
}

/** What the person was told of assignments in the application, oldest first. */
export async function told(
  person: string,
): Promise<{ title: string; data: Record<string, unknown> }[]> {
  return await withDatabase(async (sql) => [
    ...await sql<{ title: string; data: Record<string, unknown> }[]>`
      select title, data from public.notifications
      where user_id = ${person} and kind = 'assignment' order by id`,
  ]);
}

/** The e-mails about assignments to the person, oldest first. */
export async function mailed(
  person: string,
): Promise<{ event_key: string; data: { note?: string } }[]> {
  return await withDatabase(async (sql) => [
    ...await sql<{ event_key: string; data: { note?: string } }[]>`
      select event_key, data from public.emails
      where user_id = ${person} and kind = 'assignment' order by id`,
  ]);
}

/** Who holds each of the leads. */
export async function holdersOf(ids: string[]): Promise<(string | null)[]> {
  return await withDatabase(async (sql) => {
    const rows = await sql<{ id: string; holder: string | null }[]>`
      select id, assigned_to as holder from public.leads where id in ${sql(ids)}`;
    const holders = new Map(rows.map(({ id, holder }) => [id, holder]));
    return ids.map((id) => holders.get(id) ?? null);
  });
}
