import assert from "node:assert/strict";
import { anyId, mentions, operationsOf, sample, writtenDocument } from "../support/document.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { assertNoLeak } from "../support/leak.ts";
import { newTenant, pathOf, type Tenant } from "../support/tenant.ts";

/*
 * Two organizations never see each other through any endpoint: this suite walks the OpenAPI document with the other
 * one's ids.
 */

async function visible(tenant: Tenant): Promise<Record<string, unknown>> {
  const seen = async (path: string) =>
    expectStatus<{ total: number }>(await call(tenant.admin, "GET", path), 200);
  return {
    customers: await seen("/customers"),
    customer: await seen(`/customers/${tenant.ids["customer_id"]}`),
    actions: await seen("/actions"),
    leads: await seen("/leads"),
    lead: await seen(`/leads/${tenant.ids["lead_id"]}`),
    batches: await seen("/upload/batches"),
    tasks: await seen("/tasks"),
    interactions: await seen(`/leads/${tenant.ids["lead_id"]}/interactions`),
    // Their number only: their statuses move on by themselves.
    messages: (await seen("/sms/messages")).total,
  };
}

Deno.test("No endpoint shows or changes what another organization has, by id in the path", async () => {
  const [victim, attacker] = [await newTenant("Victim"), await newTenant("Attacker")];
  const document = await writtenDocument();
  const before = await visible(victim);
  for (
    const operation of operationsOf(document).filter(({ parameters }) => parameters.length > 0)
  ) {
    const body = operation.body && sample(document, operation.body);
    const answer = await call(
      attacker.admin,
      operation.method,
      pathOf(victim, operation.path),
      body,
    );
    expectProblem(answer, 404, "not_found");
    const missing = await call(attacker.admin, operation.method, anyId(operation.path), body);
    const [theirs, nobodys] = [expectProblem(answer, 404), expectProblem(missing, 404)];
    assert.deepEqual(
      { ...theirs, request_id: "" },
      { ...nobodys, request_id: "" },
      "existence does not leak",
    );
    assertNoLeak(operation, answer);
  }
  assert.deepEqual(
    await visible(victim),
    before,
    "the walk changed nothing of the other organization's",
  );
});

Deno.test("No endpoint does anything to what another organization has, by id in the body", async () => {
  const [victim, attacker] = [await newTenant("Victim"), await newTenant("Attacker")];
  const document = await writtenDocument();
  const before = await visible(victim);
  const naming = operationsOf(document).filter(({ body }) =>
    body && mentions(document, body, victim.ids)
  );
  assert(naming.length > 0);
  for (const operation of naming) {
    const body = sample(document, operation.body ?? {}, victim.ids);
    const answer = await call(
      attacker.admin,
      operation.method,
      pathOf(attacker, operation.path),
      body,
    );
    const text = JSON.stringify(answer.body);
    assertNoLeak(operation, answer);
    // A bulk operation may accept the request and list the foreign row as invalid.
    const refused = answer.status === 404 || answer.status === 422 ||
      /"queued":0,.*"invalid":\[\{/.test(text);
    assert(refused, `${operation.method} ${operation.path} answered ${answer.status}: ${text}`);
    assert(!text.includes("Victim"), text);
  }
  assert.deepEqual(
    await visible(victim),
    before,
    "the walk changed nothing of the other organization's",
  );
});

Deno.test("No list or figure holds anything of another organization", async () => {
  const [victim, attacker] = [await newTenant("Victim"), await newTenant("Attacker")];
  const lists = operationsOf(await writtenDocument()).filter(({ method, parameters, security }) =>
    method === "GET" && parameters.length === 0 && security.includes("bearer")
  );
  const secrets = [...Object.values(victim.ids), victim.id, victim.admin.userId, "Victim"];
  for (const operation of lists) {
    const answer = await call(attacker.admin, "GET", operation.path + operation.query);
    const text = JSON.stringify(expectStatus(answer, 200));
    for (const secret of secrets) {
      assert(!text.includes(secret), `${operation.path} shows ${secret}: ${text}`);
    }
    const named = { "x-organization-id": victim.id };
    expectProblem(
      await call(attacker.admin, "GET", operation.path + operation.query, undefined, named),
      403,
      "not_a_member",
    );
  }
});
