import assert from "node:assert/strict";
import { withDatabase } from "./db.ts";
import { addMember, newOrganization, type Organization, type Session } from "./organization.ts";

/** The columns of a lead that tests set; what is missing takes the column's default. */
export interface LeadColumns {
  first_name?: string;
  last_name?: string;
  email?: string;
  phone?: string;
  status?: string;
  source?: string;
  assigned_to?: string;
  created_by?: string;
  team_id?: string;
}

/** Inserts a lead past the API, as the database's owner, and gives its id. */
export async function insertLead(
  organization: { id: string },
  columns: LeadColumns = {},
): Promise<string> {
  const row = {
    first_name: "Ama",
    last_name: "Mensah",
    ...columns,
    organization_id: organization.id,
  };
  const rows = await withDatabase((sql) =>
    sql<{ id: string }[]>`insert into public.leads ${sql(row)} returning id`
  );
  return idOf(rows);
}

/** Makes a team with these members and gives its id. */
export async function newTeam(
  organization: { id: string },
  name: string,
  members: Session[],
): Promise<string> {
  return await withDatabase(async (sql) => {
    const team = idOf(
      await sql<{ id: string }[]>`
        insert into public.teams (organization_id, name) values (${organization.id}, ${name}) returning id`,
    );
    await sql`update public.memberships set team_id = ${team}
      where organization_id = ${organization.id} and user_id = any (${
      members.map(({ userId }) => userId)
    }::uuid[])`;
    return team;
  });
}

function idOf(rows: { id: string }[]): string {
  const id = rows[0]?.id;
  assert(id !== undefined, "nothing was inserted");
  return id;
}

/** People who work with leads: a manager and a counselor of team North, and a manager and a counselor of team South. */
export interface LeadOffice {
  organization: Organization;
  admin: Session;
  manager: Session;
  counselor: Session;
  otherManager: Session;
  otherCounselor: Session;
  north: string;
  south: string;
}

/** An organization with two teams. */
export async function leadOffice(): Promise<LeadOffice> {
  const organization = await newOrganization({ name: "Admissions" });
  const manager = await addMember(organization, "manager");
  const counselor = await addMember(organization, "counselor");
  const otherManager = await addMember(organization, "manager");
  const otherCounselor = await addMember(organization, "counselor");
  const north = await newTeam(organization, "North", [manager, counselor]);
  const south = await newTeam(organization, "South", [otherManager, otherCounselor]);
  return {
    organization,
    admin: organization.admin,
    manager,
    counselor,
    otherManager,
    otherCounselor,
    north,
    south,
  };
}
