import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { bearer, keyHeader, newApiKey, type NewKey, plainCall } from "../support/api_keys.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, addMemberWith, newOrganization } from "../support/people.ts";
import { stackUnderTest } from "../support/stack.ts";
import { until } from "../support/wait.ts";

const path = "/admin/integrations/api-keys";
const customer = { name: "Ama", account_number: "A1", phone: "+233244000001" };

interface Listed {
  id: string;
  name: string;
  status: string;
  prefix: string;
  last_used_at: string | null;
}

Deno.test("A key is shown once, works as bearer and in X-API-Key, and writes under its own name", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const key = await newApiKey(organization, "operator", { name: "Website form" });
  assert.match(key.api_key, /^sgb_live_[0-9A-Za-z]{49}$/);
  expectStatus(await call(bearer(key), "POST", "/customers", customer), 201);
  const listed = await call(null, "GET", "/customers", undefined, keyHeader(key));
  assert.equal(expectStatus<{ total: number }>(listed, 200).total, 1);
  const log = await call(admin, "GET", "/audit-logs?resource=customers");
  const [entry] = expectStatus<{ logs: { user_id: string; user_name: string }[] }>(log, 200).logs;
  assert.deepEqual([entry?.user_id, entry?.user_name], [key.key_id, "Website form"]);
  const keys = await call(admin, "GET", path);
  const text = JSON.stringify(keys.body);
  assert(!text.includes(key.api_key.slice(14, -4)), "a list has no secret");
  const [shown] = expectStatus<{ data: Listed[] }>(keys, 200).data;
  assert.equal(shown?.prefix, key.api_key.slice(0, 13));
  const people = await call(admin, "GET", "/admin/users");
  assert.equal(expectStatus<{ total: number }>(people, 200).total, 1, "a key is no person");
});

Deno.test("A key works from curl and from supabase-js with the publishable key", async () => {
  const organization = await newOrganization();
  const key = await newApiKey(organization, "viewer");
  const answer = await plainCall("/customers", key.api_key);
  assert.equal(answer.status, 200, await answer.text());
  const { api_url, publishable_key } = stackUnderTest();
  const client = createClient(api_url, publishable_key, {
    auth: { persistSession: false },
    global: { headers: { "x-api-key": key.api_key } },
  });
  const { data, error } = await client.functions.invoke("customers", { method: "GET" });
  assert.deepEqual([error, data?.total], [null, 0]);
});

Deno.test("A key whose checksum is wrong is refused without asking the database", async () => {
  const organization = await newOrganization();
  const { api_key } = await newApiKey(organization, "viewer");
  const last = api_key.endsWith("0") ? "1" : "0";
  const wrong = [api_key.slice(0, -1) + last, api_key.slice(0, -1), "sgb_live_", "sgb_x"];
  for (const key of wrong) {
    const answer = await call({ accessToken: key }, "GET", "/customers");
    expectProblem(answer, 401, "not_signed_in");
    assert.match(answer.headers.get("server-timing") ?? "", /"0 calls"/, key);
    expectProblem(await call(null, "GET", "/customers", undefined, { "x-api-key": key }), 401);
  }
  const unknown = `sgb_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg37cCQ0`;
  const answer = await call({ accessToken: unknown }, "GET", "/customers");
  expectProblem(answer, 401, "not_signed_in");
  assert.match(
    answer.headers.get("server-timing") ?? "",
    /"1 calls"/,
    "only a good form is looked up",
  );
});

Deno.test("Revoking, expiry and a smaller role end a key's rights with the very next request", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const [revoked, expiring, shrinking] = [
    await newApiKey(organization, "operator"),
    await newApiKey(organization, "operator"),
    await newApiKey(organization, "operator"),
  ];
  for (const key of [revoked, expiring, shrinking]) {
    expectStatus(await call(bearer(key), "GET", "/customers"), 200);
  }
  expectStatus(await call(admin, "DELETE", `${path}/${revoked.key_id}`), 204);
  await database()`update public.api_keys set expires_at = now() where id = ${expiring.key_id}`;
  const role = { role: "counselor" };
  expectStatus(await call(admin, "PATCH", `${path}/${shrinking.key_id}`, role), 200);
  for (const key of [revoked, expiring]) {
    expectProblem(await call(bearer(key), "GET", "/customers"), 401);
    expectProblem(await call(bearer(key), "GET", "/customers"), 401, "not_signed_in");
  }
  expectProblem(await call(bearer(shrinking), "GET", "/customers"), 403, "permission_denied");
  const statuses = expectStatus<{ data: Listed[] }>(await call(admin, "GET", path), 200).data;
  assert.deepEqual(statuses.map(({ status }) => status), ["active", "expired", "revoked"]);
  expectProblem(await call(admin, "DELETE", `${path}/${revoked.key_id}`), 409, "key_revoked");
});

Deno.test("A rotated key has two secrets until the grace is over, or one at once", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const first = await newApiKey(organization, "viewer");
  const rotate = async (grace_seconds: number) =>
    expectStatus<NewKey>(
      await call(admin, "POST", `${path}/${first.key_id}/rotate`, { grace_seconds }),
      200,
    );
  expectStatus(await call(bearer(first), "GET", "/customers"), 200);
  const second = await rotate(3_600);
  assert.equal(second.key_id, first.key_id);
  for (const key of [first, second]) {
    expectStatus(await call(bearer(key), "GET", "/customers"), 200);
  }
  const third = await rotate(0);
  for (const key of [first, second]) {
    expectProblem(await call(bearer(key), "GET", "/customers"), 401);
  }
  expectStatus(await call(bearer(third), "GET", "/customers"), 200);
});

Deno.test("A key is used from the networks that it allows", async () => {
  const organization = await newOrganization();
  const key = await newApiKey(organization, "viewer", {
    allowed_networks: ["192.0.2.0/24", "2001:db8:7::/48"],
  });
  const from = (address: string) =>
    call(bearer(key), "GET", "/customers", undefined, { "cf-connecting-ip": address });
  for (const address of ["192.0.2.1", "2001:db8:7::5"]) expectStatus(await from(address), 200);
  for (const address of ["192.0.3.1", "2001:db8:8::5"]) {
    expectProblem(await from(address), 403, "network_not_allowed");
  }
  const faked = { "cf-connecting-ip": "192.0.3.1", "x-forwarded-for": "192.0.2.1" };
  expectProblem(
    await call(bearer(key), "GET", "/customers", undefined, faked),
    403,
    "network_not_allowed",
  );
  const narrower = { allowed_networks: ["192.0.2.0/24"] };
  expectStatus(await call(organization.admin, "PATCH", `${path}/${key.key_id}`, narrower), 200);
  expectProblem(await from("2001:db8:7::5"), 401, "api_key_ended");
  expectProblem(await from("2001:db8:7::5"), 403, "network_not_allowed");
  expectStatus(await from("192.0.2.1"), 200);
  const body = { name: "X", role: "viewer", allowed_networks: ["everywhere"] };
  expectProblem(await call(organization.admin, "POST", path, body), 422, "invalid_field");
});

Deno.test("The last use is written to the minute, and the first one from a network is in the audit log", async () => {
  const organization = await newOrganization();
  const key = await newApiKey(organization, "viewer");
  for (let i = 0; i < 5; i++) {
    const from = { "cf-connecting-ip": "198.51.100.7" };
    expectStatus(await call(bearer(key), "GET", "/customers", undefined, from), 200);
  }
  const listed = async () =>
    expectStatus<{ data: Listed[] }>(await call(organization.admin, "GET", path), 200).data[0];
  await until(async () => (await listed())?.last_used_at, { what: "the time of the last use" });
  const log = await call(organization.admin, "GET", "/audit-logs?action=key_used");
  const { logs } = expectStatus<{ logs: { user_id: string; ip: string }[] }>(log, 200);
  assert.deepEqual(logs.map(({ user_id, ip }) => [user_id, ip]), [[key.key_id, "198.51.100.7"]]);
});

Deno.test("A key is not the last admin, and nobody raises a key above themselves", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  const { admin } = organization;
  const key = await newApiKey(organization, "admin");
  const myself = `/admin/users/${admin.userId}`;
  expectProblem(await call(admin, "PATCH", myself, { role: "viewer" }), 409, "last_admin");
  expectProblem(await call(bearer(key), "DELETE", myself), 403, "role_exceeds_own");
  const intruder = { email: "intruder@example.com", role: "admin", send_invite: false };
  for (const where of ["/users", "/admin/users"]) {
    expectProblem(await call(bearer(key), "POST", where, intruder), 403, "role_exceeds_own");
  }
  const person = await addMemberWith(organization, ["keys:manage"]);
  const attempts: [string, string, unknown][] = [
    ["POST", path, { name: "X", role: "admin" }],
    ["POST", path, { name: "X", role: "viewer" }],
    ["PATCH", `${path}/${key.key_id}`, { name: "Mine" }],
    ["POST", `${path}/${key.key_id}/rotate`, {}],
    ["DELETE", `${path}/${key.key_id}`, undefined],
  ];
  for (const [method, where, body] of attempts) {
    expectProblem(await call(person, method, where, body), 403, "role_exceeds_own");
    if (method === "POST" && where === path) continue;
    expectProblem(await call(other.admin, method, where, body), 404, "not_found");
  }
  for (const id of [key.key_id, crypto.randomUUID()]) {
    expectProblem(await call(admin, "DELETE", `/admin/users/${id}`), 404, "not_found");
  }
});

Deno.test("A repeated creation with one Idempotency-Key makes one key, and shows its secret once", async () => {
  const organization = await newOrganization();
  const repeat = { "idempotency-key": crypto.randomUUID() };
  const create = async () =>
    expectStatus<{ key_id: string; api_key: string | null }>(
      await call(organization.admin, "POST", path, { name: "X", role: "viewer" }, repeat),
      201,
    );
  const [first, second] = [await create(), await create()];
  assert.equal(second.key_id, first.key_id);
  assert.notEqual(first.api_key, null);
  assert.equal(second.api_key, null);
});

Deno.test("A key never stands in a problem, a log entry or an answer", async () => {
  const organization = await newOrganization();
  const { api_key } = await newApiKey(organization, "viewer");
  const secret = api_key.slice(9, 52);
  const answers = await Promise.all([
    call({ accessToken: api_key }, "GET", "/admin/users"),
    call({ accessToken: api_key }, "GET", `/customers/${api_key}`),
    call({ accessToken: api_key }, "GET", "/auth/me"),
    call(organization.admin, "GET", "/audit-logs?limit=200"),
  ]);
  for (const { body, headers } of answers) {
    const shown = JSON.stringify([body, [...headers]]);
    assert(!shown.includes(secret) || shown.includes(`/customers/${api_key}`), shown);
  }
  const refused = await call({ accessToken: api_key }, "DELETE", `/admin/teams/${api_key}`);
  expectProblem(refused, 403, "permission_denied");
  const entries = () =>
    database()`
      select after::text from public.audit_logs
      where organization_id = ${organization.id} and action = 'refused' and after ->> 'operation' like '%/teams/%'`;
  const [entry] = await until(async () => {
    const found = await entries();
    return found.length > 0 ? found : undefined;
  }, { what: "the entry of the refusal" });
  assert.match(String(entry?.["after"]), /DELETE \/admin\/teams\/\{id\}/);
  const member = await addMember(organization, "viewer");
  expectProblem(await call(member, "GET", path), 403, "permission_denied");
});
