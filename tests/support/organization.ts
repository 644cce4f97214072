import assert from "node:assert/strict";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../../supabase/functions/_shared/database.types.ts";
import { call, type Caller, expectStatus } from "./http.ts";
import { stackUnderTest } from "./stack.ts";

/** Somebody signed in. */
export interface Session extends Caller {
  userId: string;
  email: string;
  password: string;
  refreshToken: string;
  organizationId: string;
  /** supabase-js with this person's token. */
  client: SupabaseClient<Database>;
}

/** An organization of a test's own, and its first admin. */
export interface Organization {
  id: string;
  admin: Session;
}

/** The answer of POST /auth/register, where no confirmation is required. */
export interface RegistrationBody {
  access_token: string;
  refresh_token: string;
  expires_at: number;
  user: { id: string; email: string; full_name: string };
  organization_id: string;
  confirmation_required: boolean;
}

export const testPassword = "correct horse battery";

/** An address that no other test uses. */
export const uniqueEmail = (name = "person"): string =>
  `${name}-${crypto.randomUUID()}@signalbox.test`;

/** The header with a client address that no other test uses, so that no test uses up another's rate limit. */
export function uniqueAddress(): Record<string, string> {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  const groups =
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("").match(/.{4}/g) ?? [];
  return { "cf-connecting-ip": `2001:db8:${groups.slice(0, 4).join(":")}::1` };
}

/** supabase-js with this token, or with the publishable key alone. */
export function clientFor(accessToken?: string): SupabaseClient<Database> {
  const { api_url, publishable_key } = stackUnderTest();
  return createClient<Database>(api_url, publishable_key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    // How long a channel may take to be joined on a busy machine.
    realtime: { timeout: 60_000 },
    ...(accessToken && { global: { headers: { Authorization: `Bearer ${accessToken}` } } }),
  });
}

/** The session that an answer of the auth function carries. */
export function toSession(body: RegistrationBody, password: string): Session {
  return {
    userId: body.user.id,
    email: body.user.email,
    password,
    accessToken: body.access_token,
    refreshToken: body.refresh_token,
    organizationId: body.organization_id,
    client: clientFor(body.access_token),
  };
}

/** Registers over HTTP and gives the session. */
export async function register(fields: Record<string, string>): Promise<Session> {
  const input = {
    email: uniqueEmail(),
    password: testPassword,
    full_name: "Test Person",
    ...fields,
  };
  const answer = await call(null, "POST", "/auth/register", input, uniqueAddress());
  return toSession(expectStatus<RegistrationBody>(answer, 201), input.password);
}

/** A fresh organization with its admin. It has no quiet hours, so that no test depends on the time of day. */
export async function newOrganization(
  { name = "Test Utility", country }: { name?: string; country?: string } = {},
): Promise<Organization> {
  const admin = await register({ organization_name: name, ...(country && { country }) });
  const { error } = await admin.client.from("organizations")
    .update({ quiet_hours_start: null, quiet_hours_end: null }).eq("id", admin.organizationId);
  assert.equal(error, null, `the quiet hours could not be lifted: ${JSON.stringify(error)}`);
  return { id: admin.organizationId, admin };
}

/** Invites an address into the organization and gives the invitation's token. */
export async function invite(
  organization: Organization,
  email: string,
  role: string,
): Promise<string> {
  const { data, error } = await organization.admin.client
    .rpc("invite_member", { organization_id: organization.id, email, role });
  assert.equal(error, null, `the invitation failed: ${JSON.stringify(error)}`);
  assert(
    typeof data === "object" && data !== null && !Array.isArray(data) &&
      typeof data.token === "string",
  );
  return data.token;
}

/** A new person with this role in the organization. */
export async function addMember(organization: Organization, role: string): Promise<Session> {
  const email = uniqueEmail(role);
  return await register({ email, invitation_token: await invite(organization, email, role) });
}

/** A role of the organization's own with these permissions, and a new person who has it. */
export async function addMemberWith(
  organization: Organization,
  permissions: string[],
): Promise<Session> {
  const { client } = organization.admin;
  const key = `role_${crypto.randomUUID().slice(0, 8)}`;
  const role = await client.from("roles").insert({
    organization_id: organization.id,
    key,
    name: key,
  })
    .select("id").single();
  assert.equal(role.error, null, `the role could not be made: ${JSON.stringify(role.error)}`);
  const role_id = role.data?.id ?? "";
  const granted = await client.from("role_permissions")
    .insert(permissions.map((permission) => ({ role_id, permission })));
  assert.equal(
    granted.error,
    null,
    `permissions could not be given: ${JSON.stringify(granted.error)}`,
  );
  return await addMember(organization, key);
}
