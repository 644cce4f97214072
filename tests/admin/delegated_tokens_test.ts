import assert from "node:assert/strict";
import { bearer, newApiKey } from "../support/api_keys.ts";
import { anyId, operationsOf, writtenDocument } from "../support/document.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization } from "../support/people.ts";
import { stackUnderTest } from "../support/stack.ts";

/*
 * API keys and impersonation tokens at the operations that ask for no permission. Which permissions are closed to them is
 * in api_keys_test.ts and impersonation_test.ts.
 */

/** What an operation answers to both kinds of tokens: a status, or the code of a refusal. */
const answers: Record<string, { body?: unknown; answer: number | string }> = {
  getMe: { answer: 200 },
  // Ends the impersonation, and no session: Auth knows none of these tokens.
  logout: { answer: 204 },
  requestPhoneCode: { body: { phone: "+233244000077" }, answer: "own_session_required" },
  confirmPhone: { body: { code: "123456" }, answer: "own_session_required" },
  removePhone: { answer: "own_session_required" },
};

Deno.test("Operations without a permission are decided one by one for keys and impersonations", async () => {
  const organization = await newOrganization();
  const target = await addMember(organization, "viewer");
  const key = bearer(await newApiKey(organization, "admin"));
  const path = `/admin/users/${target.userId}/impersonate`;
  const started = await call(organization.admin, "POST", path, { reason: "Ticket 12" });
  const { impersonation_token } = expectStatus<{ impersonation_token: string }>(started, 201);
  const acting = { accessToken: impersonation_token };
  const decided = new Set<string>();
  // Signing out comes last, because it ends the impersonation.
  const operations = operationsOf(await writtenDocument())
    .toSorted((a, b) => Number(a.id === "logout") - Number(b.id === "logout"));
  for (const operation of operations) {
    const { id, method, security } = operation;
    if (operation.permission || security.length === 0) continue;
    const decision = security.includes("secretKey") ? { answer: "not_signed_in" } : answers[id];
    assert(decision, `${id} is in the table`);
    decided.add(id);
    for (const caller of [key, acting]) {
      const answer = await call(caller, method, anyId(operation.path), answers[id]?.body);
      if (typeof decision.answer === "number") expectStatus(answer, decision.answer);
      else expectProblem(answer, decision.answer === "not_signed_in" ? 401 : 403, decision.answer);
    }
  }
  for (const id of Object.keys(answers)) assert(decided.has(id), `${id} is an operation`);
  expectStatus(await call(key, "GET", "/customers"), 200);
  expectProblem(await call(acting, "GET", "/customers"), 401, "impersonation_ended");
  const { api_url, publishable_key } = stackUnderTest();
  const session = await fetch(`${api_url}/auth/v1/user`, {
    headers: { apikey: publishable_key, authorization: `Bearer ${target.accessToken}` },
  });
  assert.equal(session.status, 200, `the person stays signed in: ${await session.text()}`);
});
