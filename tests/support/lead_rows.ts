import assert from "node:assert/strict";
import type { Sql, TransactionSql } from "postgres";
import { database, withDatabase } from "./db.ts";

/** Columns of `leads`; what is missing takes the column's default. */
export type LeadColumns = Record<string, string | number | boolean | Date | null | undefined>;

/** A move or an assignment, oldest first. */
export interface HistoryRow {
  from_status: string | null;
  to_status: string;
  seconds_in_stage: number | null;
  note: string | null;
  changed_by: string | null;
}

/** Stores one lead past the API, Ama Mensah unless its columns say otherwise, and gives its id. */
export async function storeLead(
  organization: { id: string },
  columns: LeadColumns = {},
  sql: Sql | TransactionSql = database(),
): Promise<string> {
  const row = {
    first_name: "Ama",
    last_name: "Mensah",
    ...columns,
    organization_id: organization.id,
  };
  const [lead] = await sql<{ id: string }[]>`insert into public.leads ${sql(row)} returning id`;
  assert(lead !== undefined);
  return lead.id;
}

let leads = 0;

/** Stores leads past the API, oldest first, each a minute older than the next, and gives their ids in that order. */
export async function storeLeads(
  organization: { id: string },
  count: number,
  columns: LeadColumns = {},
): Promise<string[]> {
  const rows = Array.from({ length: count }, (_, place) => ({
    created_at: new Date(Date.now() - (count - place) * 60_000),
    ...columns,
  }));
  return await storeDifferentLeads(organization, rows);
}

/** Stores leads past the API that differ in these columns, and gives their ids in this order. */
export async function storeDifferentLeads(
  organization: { id: string },
  rows: LeadColumns[],
): Promise<string[]> {
  const usual = { assigned_to: null, created_by: null, status: "new", source: "manual", value: 0 };
  const complete = rows.map((row) => ({
    first_name: `Lead ${++leads}`,
    ...usual,
    ...row,
    organization_id: organization.id,
  }));
  const sql = database();
  const stored = await sql<{ id: string }[]>`insert into public.leads ${
    sql(complete)
  } returning id`;
  return stored.map(({ id }) => id);
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

/** The organization with this capacity for everybody. */
export async function setCapacity(organization: { id: string }, capacity: number | null) {
  await withDatabase((sql) =>
    sql`update public.lead_settings set capacity = ${capacity}
      where organization_id = ${organization.id}`
  );
}

/** How many open leads each person holds, counted. */
export async function openLeads(sql: Sql, organizationId: string): Promise<Map<string, number>> {
  const rows = await sql<{ holder: string; open: number }[]>`
    select assigned_to as holder, count(*)::int as open from public.leads
    where organization_id = ${organizationId} and assigned_to is not null
      and deleted_at is null and outcome is null group by 1`;
  return new Map(rows.map(({ holder, open }) => [holder, open]));
}

/** The person's notifications of assignments in the application, oldest first. */
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
