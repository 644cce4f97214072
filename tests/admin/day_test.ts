import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { bearer, newApiKey, type NewKey, plainCall } from "../support/api_keys.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { newOrganization, uniqueEmail } from "../support/people.ts";
import { register } from "../support/registration.ts";
import { stackUnderTest } from "../support/stack.ts";

/*
 * A day of an admin, in one go: what each step makes, the next one uses.
 */

Deno.test("An admin makes a team and a role, invites, suspends, impersonates, and gives a script a key", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const ask = async <T>(method: string, path: string, body: unknown, status: number) =>
    expectStatus<T>(await call(admin, method, path, body), status);

  const team = await ask<{ id: string }>("POST", "/admin/teams", { name: "Night" }, 201);
  const role = await ask<{ key: string }>("POST", "/admin/roles", {
    name: "Night clerk",
    permissions: { "customers:read": "organization", "customers:write": "organization" },
  }, 201);
  const email = uniqueEmail();
  const invited = await ask<{ id: string; token: string }>("POST", "/users", {
    email,
    role: role.key,
    team_id: team.id,
    send_invite: false,
  }, 201);
  const clerk = await register({ email, invitation_token: invited.token });
  const person = `/admin/users/${clerk.userId}`;
  const { team_name } = await ask<{ team_name: string }>("PATCH", person, { role: role.key }, 200);
  assert.equal(team_name, "Night");
  expectStatus(await call(clerk, "GET", "/customers"), 200);
  await ask("PATCH", person, { status: "suspended" }, 200);
  expectProblem(await call(clerk, "GET", "/customers"), 403, "not_a_member");
  await ask("PATCH", person, { status: "active" }, 200);

  const reason = { reason: "Shows no customers" };
  const started = await ask<{ impersonation_token: string }>(
    "POST",
    `${person}/impersonate`,
    reason,
    201,
  );
  const acting = { accessToken: started.impersonation_token };
  const customer = { name: "Ama", account_number: "A1", phone: "+233244000001" };
  expectStatus(await call(acting, "POST", "/customers", customer), 201);
  await ask("POST", "/admin/impersonation/end", undefined, 200);
  expectProblem(await call(acting, "GET", "/customers"), 401, "impersonation_ended");

  const key = await newApiKey(organization, role.key, { name: "Nightly script" });
  const { api_url, publishable_key } = stackUnderTest();
  const client = createClient(api_url, publishable_key, {
    auth: { persistSession: false },
    global: { headers: { "x-api-key": key.api_key } },
  });
  const { data } = await client.functions.invoke("customers", { method: "GET" });
  assert.equal(data.total, 1);
  assert.equal((await plainCall("/customers", key.api_key)).status, 200);
  const path = `/admin/integrations/api-keys/${key.key_id}`;
  const rotated = await ask<NewKey>("POST", `${path}/rotate`, { grace_seconds: 0 }, 200);
  expectProblem(await call(bearer(key), "GET", "/customers"), 401);
  expectStatus(await call(bearer(rotated), "GET", "/customers"), 200);
  await ask("DELETE", path, undefined, 204);
  expectProblem(await call(bearer(rotated), "GET", "/customers"), 401);

  const { logs } = await ask<{ logs: { action: string; user_id: string }[] }>(
    "GET",
    "/admin/audit-logs?limit=200",
    undefined,
    200,
  );
  const actions = new Set(logs.map(({ action }) => action));
  for (const action of ["impersonation_started", "impersonation_ended", "rotated"]) {
    assert(actions.has(action), `${action} is in the audit log`);
  }
});
