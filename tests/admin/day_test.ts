import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { bearer, newApiKey, type NewKey } from "../support/api_keys.ts";
import { asSuperuser, seal, verify } from "../support/audit.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { newOrganization, type Organization, uniqueEmail } from "../support/people.ts";
import { register } from "../support/registration.ts";
import { stackUnderTest } from "../support/stack.ts";
import { until } from "../support/wait.ts";
import { later, Receiver, subscribe } from "../support/webhooks.ts";

/*
 * A day of an admin, in one go: what each step makes, the next one uses.
 */

/** How many customers a script with curl finds. */
async function countWithCurl(key: string): Promise<number> {
  const url = `${stackUnderTest().api_url}/functions/v1/customers`;
  const args = ["-s", "-H", `x-api-key: ${key}`, url];
  const { stdout } = await new Deno.Command("curl", { args }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).total;
}

/** A receiver verifies with the public package, fails for an hour of its clock, and then gets everything once and in order. */
async function subscribeReceiver(organization: Organization, customer: string): Promise<void> {
  await using receiver = new Receiver();
  const webhook = await subscribe(organization, receiver, ["customer.updated"]);
  let tries = 0;
  receiver.answer = () => {
    tries++;
    return new Response(null, { status: 503 });
  };
  for (const action of ["warn", "disconnect", "connect"]) {
    const body = { customer_id: customer, action };
    expectStatus(await call(organization.admin, "POST", "/actions", body), 201);
  }
  for (let round = 0; round < 3; round++) {
    const before = tries;
    // Again and again: a try whose outcome is not yet recorded has no next time that could be moved.
    await until(async () => {
      await later(webhook.id, "20 minutes");
      return tries > before;
    }, { what: "another try" });
  }
  receiver.answer = () => new Response();
  await until(async () => {
    await later(webhook.id, "20 minutes");
    return receiver.received.length >= 3;
  }, { what: "what was missed" });
  assert.deepEqual(receiver.received.map(({ data }) => data["status"]), [
    "warned",
    "disconnected",
    "connected",
  ]);
  assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 3, "each once");
}

/** A superuser changes an entry of the audit log, and the admin is told which. */
async function breakEntry(organization: Organization): Promise<void> {
  await seal();
  assert.equal((await verify(organization)).status, "whole");
  const [entry] = await database()<{ id: string }[]>`
    select id from public.audit_logs
    where organization_id = ${organization.id} and resource = 'teams' order by id limit 1`;
  const id = entry?.id ?? "";
  await asSuperuser((tx) =>
    tx`update public.audit_logs set after = after || '{"name": "Day"}' where id = ${id}`
  );
  const { status, fault } = await verify(organization);
  assert.deepEqual([status, fault], ["tampered", { entry_id: id, fault: "changed" }]);
}

Deno.test("An admin makes a team and a role, invites, suspends, impersonates, gives a script a key, subscribes a webhook and finds a broken audit entry", async () => {
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
  const { id } = expectStatus<{ id: string }>(
    await call(acting, "POST", "/customers", customer),
    201,
  );
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
  assert.equal(await countWithCurl(key.api_key), 1);
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
  await subscribeReceiver(organization, id);
  await breakEntry(organization);
});
