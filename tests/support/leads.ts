import { call, type Caller, expectStatus } from "./http.ts";
import { ordinaryNumber } from "./texts.ts";

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
  status_since: string;
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

/** What became of leads that were assigned in bulk. */
export interface BulkBody {
  assigned: number;
  skipped: { lead_id: string; reason: string }[];
  by_user: Record<string, number>;
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

/** Merges over HTTP. */
export async function merge(
  session: Caller,
  lead: string,
  duplicate_id: string,
): Promise<LeadBody> {
  return expectStatus(await call(session, "POST", `/leads/${lead}/merge`, { duplicate_id }), 200);
}
