import assert from "node:assert/strict";
import { call, expectStatus } from "./http.ts";
import {
  type Organization,
  type Session,
  sessionOf,
  testPassword,
  uniqueAddress,
  uniqueEmail,
} from "./people.ts";

/** The answer of POST /auth/register, where no confirmation is required. */
export interface RegistrationBody {
  access_token: string;
  refresh_token: string;
  expires_at: number;
  user: { id: string; email: string; full_name: string };
  organization_id: string;
  confirmation_required: boolean;
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
  const body = expectStatus<RegistrationBody>(answer, 201);
  return sessionOf({
    userId: body.user.id,
    email: body.user.email,
    password: input.password,
    accessToken: body.access_token,
    refreshToken: body.refresh_token,
    organizationId: body.organization_id,
  });
}

/** Invites an address into the organization and gives the invitation's token. */
export async function invite(
  organization: Organization,
  email: string,
  role: string,
): Promise<string> {
  const { data, error } = await organization.admin.client
    .rpc("invite_user", { organization_id: organization.id, invitee: { email, role } });
  assert.equal(error, null, `the invitation failed: ${JSON.stringify(error)}`);
  assert(
    typeof data === "object" && data !== null && !Array.isArray(data) &&
      typeof data.token === "string",
  );
  return data.token;
}
