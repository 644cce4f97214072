import type { Session } from "./organization.ts";
import { withDatabase } from "./db.ts";

/** A lead to be written straight into the database, where a test is not about how leads are made. */
export interface LeadRow {
  first_name?: string;
  assigned_to?: string | null;
  created_by?: string | null;
  status?: string;
  source?: string;
  value?: number;
}

/** Writes leads straight into the database and gives their ids. */
export async function insertLeads(organizationId: string, rows: LeadRow[]): Promise<string[]> {
  const leads = rows.map((row) => ({
    first_name: "Lead",
    assigned_to: null,
    created_by: null,
    status: "new",
    source: "manual",
    value: 0,
    ...row,
    organization_id: organizationId,
  }));
  return await withDatabase(async (sql) => {
    const made = await sql<{ id: string }[]>`insert into public.leads ${sql(leads)} returning id`;
    return made.map(({ id }) => id);
  });
}

/** Puts people into a new team of this name and gives its id. */
export async function newTeam(
  organizationId: string,
  name: string,
  members: Session[],
): Promise<string> {
  return await withDatabase(async (sql) => {
    const [team] = await sql<{ id: string }[]>`
      insert into public.teams (organization_id, name) values (${organizationId}, ${name}) returning id`;
    const id = team?.id ?? "";
    await sql`update public.memberships set team_id = ${id}
      where organization_id = ${organizationId} and user_id = any (${
      members.map((m) => m.userId)
    })`;
    return id;
  });
}
