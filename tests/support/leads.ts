import assert from "node:assert/strict";
import { ordinaryNumber } from "../sms/support.ts";
import { call, type Caller, expectStatus } from "./http.ts";
import {
  newOrganization,
  type Organization,
  register,
  type Session,
  uniqueEmail,
} from "./organization.ts";

/** A lead as the API shows it. */
export interface LeadBody {
  id: string;
  version: number;
  first_name: string;
  last_name: string;
  full_name: string;
  email: string | null;
  phone: string | null;
  source: string;
  status: string;
  outcome: string | null;
  value: string;
  currency: string;
  tags: string[];
  time_zone: string | null;
  country: string | null;
  region: string | null;
  custom_fields: Record<string, unknown>;
  team_id: string | null;
  assigned_to: string | null;
  assigned_to_name: string | null;
  created_by: string | null;
  created_by_name: string | null;
  closed_at: string | null;
  created_at: string;
  updated_at: string;
  deleted_at: string | null;
}

/** An organization that works leads: two in one team with their manager, one in another team. */
export interface Office extends Organization {
  team: string;
  otherTeam: string;
  manager: Session;
  counselor: Session;
  colleague: Session;
  /** A counselor of the other team. */
  neighbour: Session;
}

/** A team of the organization's. */
export async function addTeam(organization: Organization, name: string): Promise<string> {
  const { data, error } = await organization.admin.client.from("teams")
    .insert({ organization_id: organization.id, name }).select("id").single();
  assert.equal(error, null, `the team could not be made: ${JSON.stringify(error)}`);
  return data?.id ?? "";
}

/** A new person with this role in the team. */
export async function addTeamMember(
  organization: Organization,
  role: string,
  team_id: string,
): Promise<Session> {
  const email = uniqueEmail(role);
  const { data, error } = await organization.admin.client
    .rpc("invite_member", { organization_id: organization.id, email, role, team_id });
  assert.equal(error, null, `the invitation failed: ${JSON.stringify(error)}`);
  const { token } = data as { token: string };
  return await register({ email, full_name: `Test ${role}`, invitation_token: token });
}

/** Makes an organization that works leads. */
export async function newOffice(
  options: { name?: string; country?: string } = {},
): Promise<Office> {
  const organization = await newOrganization(options);
  const team = await addTeam(organization, "North");
  const otherTeam = await addTeam(organization, "South");
  return {
    ...organization,
    team,
    otherTeam,
    manager: await addTeamMember(organization, "manager", team),
    counselor: await addTeamMember(organization, "counselor", team),
    colleague: await addTeamMember(organization, "counselor", team),
    neighbour: await addTeamMember(organization, "counselor", otherTeam),
  };
}

/** What makes a lead that nobody has yet. */
export function newLead(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { first_name: "Ama", last_name: "Mensah", phone: ordinaryNumber(), ...fields };
}

/** Adds a lead over HTTP. */
export async function addLead(
  session: Caller,
  fields: Record<string, unknown> = {},
): Promise<LeadBody> {
  return expectStatus(await call(session, "POST", "/leads", newLead(fields)), 201);
}

/** A lead as the API shows it now. */
export async function readLead(session: Caller, id: string): Promise<LeadBody> {
  return expectStatus(await call(session, "GET", `/leads/${id}`), 200);
}

/** A page of leads. */
export interface LeadPage {
  data: LeadBody[];
  total: number;
  limit: number;
  offset: number;
}

/** The page of leads that a query finds. */
export async function findLeads(
  session: Caller,
  query: Record<string, string> = {},
): Promise<LeadPage> {
  return expectStatus(await call(session, "GET", `/leads?${new URLSearchParams(query)}`), 200);
}

/** Sets the organization's lead fields. */
export async function setFields(
  session: Caller,
  fields: Record<string, unknown>[],
): Promise<unknown> {
  return expectStatus(await call(session, "PUT", "/leads/fields", { fields }), 200);
}
