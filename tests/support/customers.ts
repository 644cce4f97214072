import { call, type Caller, expectStatus } from "./http.ts";
import { addMember, newOrganization, type Organization, type Session } from "./people.ts";
import { ordinaryNumber } from "./texts.ts";

/** A customer as the API shows it. */
export interface CustomerBody {
  id: string;
  name: string;
  account_number: string;
  phone: string;
  status: string;
  arrears: string;
  currency: string;
  created_at: string;
  updated_at: string;
}

/** An action as the API shows it. */
export interface ActionBody {
  id: string;
  customer_id: string;
  action: string;
  note: string | null;
  source: string;
  batch_id: string | null;
  performed_by: string | null;
  performed_by_name: string | null;
  timestamp: string;
}

/** A page of a list. */
export interface Page<T> {
  data: T[];
  total: number;
  limit: number;
  offset: number;
}

/** The system roles that have nothing to do with customers. */
export const strangersToCustomers = [
  "manager",
  "counselor",
  "campaign_manager",
  "marketing_agent",
  "technical_agent",
];

/** An organization with a clerk, who has the role that works with customers. */
export async function utility(
  options: { name?: string; country?: string } = {},
): Promise<{ organization: Organization; clerk: Session }> {
  const organization = await newOrganization(options);
  return { organization, clerk: await addMember(organization, "operator") };
}

let accounts = 0;

/** What makes a customer that nobody has yet. */
export function newCustomer(fields: Record<string, unknown> = {}): Record<string, unknown> {
  const account_number = `A-${++accounts}`;
  return { name: "Ama Mensah", account_number, phone: ordinaryNumber(), ...fields };
}

/** Adds a customer over HTTP. */
export async function addCustomer(
  session: Caller,
  fields: Record<string, unknown> = {},
): Promise<CustomerBody> {
  return expectStatus(await call(session, "POST", "/customers", newCustomer(fields)), 201);
}

/** A customer as the API shows it now. */
export async function readCustomer(session: Caller, id: string): Promise<CustomerBody> {
  return expectStatus(await call(session, "GET", `/customers/${id}`), 200);
}

/** The page that GET answers to a path. */
export async function readPage<T>(session: Caller, path: string): Promise<Page<T>> {
  return expectStatus(await call(session, "GET", path), 200);
}
