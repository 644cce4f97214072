import assert from "node:assert/strict";
import { bearer, newApiKey } from "../support/api_keys.ts";
import { SEED, tries } from "../support/dice.ts";
import { anyId, operationsOf, writtenDocument } from "../support/document.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, clientFor, newOrganization } from "../support/people.ts";

/** Of what is open to keys and impersonations a quarter is tried, with a seed all. What is closed is always tried. */
const isTried = (index: number): boolean => (index + SEED) % tries(4, 1) === 0;

/** Marking as read what a person should see is for themselves, whatever the token may do. */
const ownOnly = ["readNotification", "readAllNotifications"];

Deno.test("Every operation takes a key, but for those that are closed to keys", async () => {
  const organization = await newOrganization();
  const key = await newApiKey(organization, "admin");
  const closed = [
    "integrations:manage",
    "keys:manage",
    "members:impersonate",
    "privacy:manage",
  ];
  for (const [index, operation] of operationsOf(await writtenDocument()).entries()) {
    const { permission } = operation;
    if (!permission || !operation.security.includes("apiKey")) continue;
    const isClosed = closed.includes(permission) || ownOnly.includes(operation.id);
    if (!isClosed && !isTried(index)) continue;
    const answer = await call(
      bearer(key),
      operation.method,
      anyId(operation.path) + operation.query,
    );
    if (ownOnly.includes(operation.id)) {
      expectProblem(answer, 403, "own_session_required");
    } else if (isClosed) {
      expectProblem(answer, 403, "permission_denied");
    } else {
      assert(![401, 403, 500].includes(answer.status), `${operation.id}: ${answer.status}`);
    }
  }
  const phone = { phone: "+233244000077" };
  expectProblem(
    await call(bearer(key), "POST", "/auth/phone", phone),
    403,
    "own_session_required",
  );
});

Deno.test("Keys, members, roles and impersonation are closed while acting, at every operation", async () => {
  const organization = await newOrganization();
  const second = await addMember(organization, "admin");
  const path = `/admin/users/${second.userId}/impersonate`;
  const started = expectStatus<{ impersonation_token: string }>(
    await call(organization.admin, "POST", path, { reason: "Ticket 4711" }),
    201,
  );
  const acting = { accessToken: started.impersonation_token };
  const closed = [
    "integrations:manage",
    "keys:manage",
    "members:impersonate",
    "members:manage",
    "privacy:manage",
    "roles:manage",
    "webhooks:manage",
  ];
  for (const [index, operation] of operationsOf(await writtenDocument()).entries()) {
    const { permission = "", method, path, id } = operation;
    if (id.includes("Impersonation")) continue;
    if (closed.includes(permission)) {
      expectProblem(await call(acting, method, anyId(path)), 403, "permission_denied");
    } else if (ownOnly.includes(id)) {
      expectProblem(await call(acting, method, anyId(path)), 403, "own_session_required");
    } else if (permission !== "" && isTried(index)) {
      const answer = await call(acting, method, anyId(path) + operation.query);
      assert(![401, 403, 500].includes(answer.status), `${id}: ${answer.status}`);
    }
  }
  const own: [string, string, unknown][] = [
    ["POST", "/auth/phone", { phone: "+233244000077" }],
    ["DELETE", "/auth/phone", undefined],
    ["PUT", "/notifications/preferences", { data: [{ kind: "system", email: false }] }],
  ];
  for (const [method, path, body] of own) {
    expectProblem(await call(acting, method, path, body), 403, "own_session_required");
  }
  const renamed = await clientFor(acting.accessToken).from("profiles")
    .update({ full_name: "X" }).eq("id", second.userId).select("id");
  assert.deepEqual(renamed.data, []);
});
