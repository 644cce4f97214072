import assert from "node:assert/strict";
import {
  fetchDocument,
  mentions,
  type Operation,
  operationsOf,
  sample,
} from "./support/document.ts";
import { type Answer, call, type Caller, expectProblem, expectStatus } from "./support/http.ts";
import { addMemberWith, newOrganization } from "./support/organization.ts";
import { newTenant, pathOf, type Tenant } from "./support/tenant.ts";

/*
 * What holds for every endpoint, whoever wrote it: this suite walks the OpenAPI document.
 */

const leaks =
  /\b(select|insert into|update|delete from)\b.+\b(from|set|values|where)\b|relation "|column "|violates|PGRST|postgres|\.ts:\d|at async|node_modules/i;

function assertNoLeak(operation: Operation, answer: Answer): void {
  const text = JSON.stringify(answer.body) ?? "";
  assert(!leaks.test(text), `${operation.method} ${operation.path} tells of its inside: ${text}`);
  assert(
    answer.status < 500,
    `${operation.method} ${operation.path} answered ${answer.status}: ${text}`,
  );
}

const anyId = (path: string) => path.replace(/\{\w+\}/g, () => crypto.randomUUID());

const ask = (
  caller: Caller | null,
  { method, path }: Operation,
  headers: Record<string, string> = {},
) => call(caller, method, anyId(path), undefined, headers);

Deno.test("Every operation says who may call it, and every protected one which permission it needs", async () => {
  for (const operation of operationsOf(await fetchDocument())) {
    const { security, permission, responses, path } = operation;
    if (security.includes("bearer") && !path.startsWith("/auth/")) {
      assert(permission, `${operation.id} names its permission`);
      assert(
        responses.includes("401") && responses.includes("403"),
        `${operation.id} documents 401 and 403`,
      );
    }
  }
});

Deno.test("Every protected operation answers 401 without a token and with one that does not hold", async () => {
  const { admin } = await newOrganization();
  const [head, body] = admin.accessToken.split(".");
  const forged = { accessToken: `${head}.${body}.${"A".repeat(43)}` };
  const unsigned = { accessToken: `${btoa('{"alg":"none"}').replaceAll("=", "")}.${body}.` };
  for (
    const operation of operationsOf(await fetchDocument()).filter(({ security }) =>
      security.length > 0
    )
  ) {
    for (const caller of [null, { accessToken: "garbage" }, forged, unsigned]) {
      const answer = await ask(caller, operation);
      expectProblem(answer, 401, "not_signed_in");
      assertNoLeak(operation, answer);
    }
  }
});

Deno.test("What is for background work refuses people and the publishable key", async () => {
  const { admin } = await newOrganization();
  const background = operationsOf(await fetchDocument()).filter(({ security }) =>
    security.includes("secretKey")
  );
  assert(background.length > 0);
  for (const operation of background) {
    expectProblem(await ask(admin, operation), 401);
    expectProblem(await ask(admin, operation, { apikey: "sb_secret_guess" }), 401);
  }
});

Deno.test("Every operation answers 403 to a member whose role lacks its permission, and names that", async () => {
  const member = await addMemberWith(await newOrganization(), ["members:read"]);
  for (
    const operation of operationsOf(await fetchDocument()).filter(({ permission }) => permission)
  ) {
    const answer = await ask(member, operation);
    const problem = expectProblem(answer, 403, "permission_denied");
    assert(problem.detail.includes(operation.permission ?? ""), problem.detail);
    assertNoLeak(operation, answer);
  }
});

Deno.test("Every operation with a body refuses what is no JSON and what is of another type", async () => {
  const tenant = await newTenant("Own");
  for (const operation of operationsOf(await fetchDocument()).filter(({ body }) => body)) {
    const path = pathOf(tenant, operation.path);
    for (const body of ["{", "", "null", "[]", '"text"', '{"\\u0000":1}', '{"customers":[null]}']) {
      const answer = await call(tenant.admin, operation.method, path, body, {
        "content-type": "application/json",
      });
      assertNoLeak(operation, answer);
      expectProblem(answer, answer.status === 400 ? 400 : 422);
    }
  }
});

async function visible(tenant: Tenant): Promise<Record<string, unknown>> {
  const seen = async (path: string) =>
    expectStatus<{ total: number }>(await call(tenant.admin, "GET", path), 200);
  return {
    customers: await seen("/customers"),
    customer: await seen(`/customers/${tenant.ids["customer_id"]}`),
    actions: await seen("/actions"),
    batches: await seen("/upload/batches"),
    // Their number only: their statuses move on by themselves.
    messages: (await seen("/sms/messages")).total,
  };
}

Deno.test("No endpoint shows or changes what another organization has, by id in the path", async () => {
  const [victim, attacker] = [await newTenant("Victim"), await newTenant("Attacker")];
  const document = await fetchDocument();
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
  const document = await fetchDocument();
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
  const lists = operationsOf(await fetchDocument()).filter(({ method, parameters, security }) =>
    method === "GET" && parameters.length === 0 && security.includes("bearer")
  );
  const secrets = [...Object.values(victim.ids), victim.id, victim.admin.userId, "Victim"];
  for (const operation of lists) {
    const answer = await call(attacker.admin, "GET", operation.path);
    const text = JSON.stringify(expectStatus(answer, 200));
    for (const secret of secrets) {
      assert(!text.includes(secret), `${operation.path} shows ${secret}: ${text}`);
    }
    const named = { "x-organization-id": victim.id };
    expectProblem(
      await call(attacker.admin, "GET", operation.path, undefined, named),
      403,
      "not_a_member",
    );
  }
});

Deno.test("Every operation answers each of its methods, and 404 to a path that is none", async () => {
  const { admin } = await newOrganization();
  for (
    const name of new Set(operationsOf(await fetchDocument()).map(({ path }) => path.split("/")[1]))
  ) {
    const answer = await call(admin, "GET", `/${name}/no/such/path/at/all`);
    // Background functions do not even tell people what there is.
    expectProblem(answer, answer.status === 401 ? 401 : 404);
  }
});
