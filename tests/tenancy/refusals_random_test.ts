import { anyId, operationsOf, writtenDocument } from "../support/document.ts";
import { someOf } from "../support/dice.ts";
import { call, expectProblem } from "../support/http.ts";
import { assertNoLeak } from "../support/leak.ts";
import { newOrganization } from "../support/people.ts";
import { newTenant, pathOf } from "../support/tenant.ts";

Deno.test("Every protected operation answers 401 without a token and with one that does not hold", async () => {
  const { admin } = await newOrganization();
  const [head, body] = admin.accessToken.split(".");
  const forged = { accessToken: `${head}.${body}.${"A".repeat(43)}` };
  const unsigned = { accessToken: `${btoa('{"alg":"none"}').replaceAll("=", "")}.${body}.` };
  const callers = [null, { accessToken: "garbage" }, forged, unsigned];
  const operations = operationsOf(await writtenDocument());
  for (const [index, operation] of operations.entries()) {
    if (operation.security.length === 0) continue;
    for (const caller of someOf(callers, index)) {
      const answer = await call(caller, operation.method, anyId(operation.path));
      expectProblem(answer, 401, "not_signed_in");
      assertNoLeak(operation, answer);
    }
  }
});

Deno.test("Every operation with a body refuses what is no JSON and what is of another type", async () => {
  const tenant = await newTenant("Own");
  const bodies = ["{", "", "null", "[]", '"text"', '{"\\u0000":1}', '{"customers":[null]}'];
  const operations = operationsOf(await writtenDocument()).filter(({ body }) => body);
  for (const [index, operation] of operations.entries()) {
    const path = pathOf(tenant, operation.path);
    for (const body of someOf(bodies, index)) {
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
