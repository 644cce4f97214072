import assert from "node:assert/strict";
import { anyId, type Operation, operationsOf, writtenDocument } from "../support/document.ts";
import { call, type Caller, expectProblem } from "../support/http.ts";
import { assertNoLeak } from "../support/leak.ts";
import { addMemberWith, newOrganization } from "../support/people.ts";
import { newTenant, pathOf } from "../support/tenant.ts";

/*
 * What holds for every endpoint: this suite walks the OpenAPI document.
 */

const ask = (
  caller: Caller | null,
  { method, path }: Operation,
  headers: Record<string, string> = {},
) => call(caller, method, anyId(path), undefined, headers);

Deno.test("Every operation says who may call it, and every protected one which permission it needs", async () => {
  for (const operation of operationsOf(await writtenDocument())) {
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
    const operation of operationsOf(await writtenDocument()).filter(({ security }) =>
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
  const background = operationsOf(await writtenDocument()).filter(({ security }) =>
    security.includes("secretKey")
  );
  assert(background.length > 0);
  for (const operation of background) {
    expectProblem(await ask(admin, operation), 401);
    expectProblem(await ask(admin, operation, { apikey: "sb_secret_guess" }), 401);
  }
});

Deno.test("Every operation answers 403 to a member whose role lacks its permission, and names that", async () => {
  const member = await addMemberWith(await newOrganization(), []);
  for (
    const operation of operationsOf(await writtenDocument()).filter(({ permission }) => permission)
  ) {
    const answer = await ask(member, operation);
    const problem = expectProblem(answer, 403, "permission_denied");
    assert(problem.detail.includes(operation.permission ?? ""), problem.detail);
    assertNoLeak(operation, answer);
  }
});

Deno.test("Every operation with a body refuses what is no JSON and what is of another type", async () => {
  const tenant = await newTenant("Own");
  for (const operation of operationsOf(await writtenDocument()).filter(({ body }) => body)) {
    const path = pathOf(tenant, operation.path);
    for (const body of ["{", "", "null", "[]", '"text"', '{"\\u0000":1}', '{"customers":[null]}']) {
      const answer = await call(tenant.admin, operation.method, path, body, {
        "content-type": "application/json",
      });
      assertNoLeak(operation, answer);
      // What is well-formed is refused to a webhook for its signature.
      const others = operation.path.startsWith("/webhooks/") ? [400, 403] : [400];
      expectProblem(answer, others.includes(answer.status) ? answer.status : 422);
    }
  }
});

Deno.test("Every operation answers each of its methods, and 404 to a path that is none", async () => {
  const { admin } = await newOrganization();
  for (
    const name of new Set(
      operationsOf(await writtenDocument()).map(({ path }) => path.split("/")[1]),
    )
  ) {
    const answer = await call(admin, "GET", `/${name}/no/such/path/at/all`);
    // Background functions do not even tell people what there is.
    expectProblem(answer, answer.status === 401 ? 401 : 404);
  }
});
