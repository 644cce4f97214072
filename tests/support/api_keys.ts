import { call, expectStatus } from "./http.ts";
import type { Organization } from "./people.ts";
import { stackUnderTest } from "./stack.ts";

/** An API key as its creation answers. */
export interface NewKey {
  key_id: string;
  api_key: string;
}

/** A key of the organization with this role. */
export async function newApiKey(
  organization: Organization,
  role: string,
  more: Record<string, unknown> = {},
): Promise<NewKey> {
  const body = { name: "Test key", role, ...more };
  const answer = await call(organization.admin, "POST", "/admin/integrations/api-keys", body);
  return expectStatus<NewKey>(answer, 201);
}

/** A caller with a key as bearer token. */
export const bearer = (key: { api_key: string }) => ({ accessToken: key.api_key });

/** The header with a key, and without a bearer token. */
export const keyHeader = (key: { api_key: string }) => ({ "x-api-key": key.api_key });

/** What curl sends: the key alone, without any of Supabase's. */
export const plainCall = (path: string, key: string) =>
  fetch(`${stackUnderTest().api_url}/functions/v1${path}`, { headers: { "x-api-key": key } });
