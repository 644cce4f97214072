import assert from "node:assert/strict";
import { anyId, type Operation, operationsOf, writtenDocument } from "../support/document.ts";
import { call, type Caller, expectProblem } from "../support/http.ts";
import { assertNoLeak } from "../support/leak.ts";
import { addMemberWith, newOrganization } from "../support/people.ts";

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
