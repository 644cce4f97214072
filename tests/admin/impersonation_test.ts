import assert from "node:assert/strict";
import { newApiKey } from "../support/api_keys.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  addMember,
  addMemberWith,
  clientFor,
  newOrganization,
  type Organization,
  type Session,
} from "../support/people.ts";
import { invite } from "../support/registration.ts";
import { stackUnderTest } from "../support/stack.ts";
import { claimsOf, signClaims } from "../support/tokens.ts";

const reason = "Ticket 4711: the list is empty";

interface Started {
  impersonation_token: string;
  expires_at: string;
}

const start = (by: { accessToken: string }, user: string) =>
  call(by, "POST", `/admin/users/${user}/impersonate`, { reason });

async function actingAs(organization: Organization, target: Session) {
  const started = expectStatus<Started>(await start(organization.admin, target.userId), 201);
  return { accessToken: started.impersonation_token, expiresAt: started.expires_at };
}

Deno.test("An admin acts as a person: with their rights, both in the audit log, and the person is notified", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const target = await addMember(organization, "operator");
  const acting = await actingAs(organization, target);
  const minutes = (Date.parse(acting.expiresAt) - Date.now()) / 60_000;
  assert(minutes > 14 && minutes <= 15, `${minutes} minutes`);
  const claims = claimsOf(acting.accessToken);
  assert.deepEqual([claims["sub"], claims["act"]], [target.userId, { sub: admin.userId }]);
  const me = expectStatus<{ profile: { id: string }; impersonator: { id: string } }>(
    await call(acting, "GET", "/auth/me"),
    200,
  );
  assert.deepEqual([me.profile.id, me.impersonator.id], [target.userId, admin.userId]);
  const customer = { name: "Ama", account_number: "A1", phone: "+233244000001" };
  expectStatus(await call(acting, "POST", "/customers", customer), 201);
  expectProblem(await call(acting, "GET", "/audit-logs"), 403, "permission_denied");
  const log = await call(admin, "GET", "/audit-logs?resource=customers");
  const [entry] = expectStatus<{ logs: { user_id: string; impersonator_id: string }[] }>(log, 200)
    .logs;
  assert.deepEqual([entry?.user_id, entry?.impersonator_id], [target.userId, admin.userId]);
  const notices = await call(target, "GET", "/notifications");
  const { data } = expectStatus<{ data: { kind: string; body: string }[] }>(notices, 200);
  assert(data.some(({ kind, body }) => kind === "impersonation" && body.includes(reason)));
});

Deno.test("Ending an impersonation, by its token or by the admin, ends it with the next request", async () => {
  const organization = await newOrganization();
  const target = await addMemberWith(organization, ["customers:read"]);
  for (
    const [method, path] of [["POST", "/admin/impersonation/end"], [
      "DELETE",
      "/admin/impersonation",
    ]]
  ) {
    for (const own of [true, false]) {
      const acting = await actingAs(organization, target);
      expectStatus(await call(acting, "GET", "/customers"), 200);
      const by = own ? acting : organization.admin;
      const answer = await call(by, method ?? "", path ?? "");
      assert.equal(expectStatus<{ ended: number }>(answer, 200).ended, 1);
      expectProblem(await call(acting, "GET", "/customers"), 401, "impersonation_ended");
      const { error } = await clientFor(acting.accessToken).from("customers").select("id");
      assert.equal(error?.hint, "impersonation_ended");
    }
  }
  expectStatus(await call(target, "GET", "/customers"), 200);
  const log = await call(organization.admin, "GET", "/audit-logs?action=impersonation_ended");
  assert.equal(expectStatus<{ total: number }>(log, 200).total, 4);
});

Deno.test("Signing out with the token of an impersonation ends it, and not the person's session", async () => {
  const organization = await newOrganization();
  const target = await addMember(organization, "operator");
  const acting = await actingAs(organization, target);
  expectStatus(await call(acting, "POST", "/auth/logout"), 204);
  expectProblem(await call(acting, "GET", "/customers"), 401, "impersonation_ended");
  const { error } = await clientFor(acting.accessToken).from("customers").select("id");
  assert.equal(error?.hint, "impersonation_ended");
  expectProblem(await call(acting, "POST", "/auth/logout"), 401, "impersonation_ended");
  expectStatus(await call(target, "GET", "/customers"), 200);
});

Deno.test("The notice of an impersonation stays unread until the person reads it", async () => {
  const organization = await newOrganization();
  const target = await addMember(organization, "operator");
  const acting = await actingAs(organization, target);
  const unread = async () => {
    const answer = await call(target, "GET", "/notifications?unread=true&kind=impersonation");
    return expectStatus<{ data: { id: string }[] }>(answer, 200).data.map(({ id }) => id);
  };
  const [id] = await unread();
  expectProblem(
    await call(acting, "POST", "/notifications/read-all"),
    403,
    "own_session_required",
  );
  expectProblem(
    await call(acting, "POST", `/notifications/${id}/read`),
    403,
    "own_session_required",
  );
  const read_at = new Date().toISOString();
  const { data } = await clientFor(acting.accessToken).from("notifications").update({ read_at })
    .eq("id", id ?? "").select("id");
  assert.deepEqual(data ?? [], []);
  assert.deepEqual(await unread(), [id]);
  expectStatus(await call(target, "POST", "/notifications/read-all"), 200);
  assert.deepEqual(await unread(), []);
});

Deno.test("A suspended or demoted admin's impersonations end with them", async () => {
  const organization = await newOrganization();
  const target = await addMember(organization, "operator");
  for (const change of [{ status: "suspended" }, { role: "viewer" }]) {
    const second = await addMember(organization, "admin");
    const started = expectStatus<Started>(await start(second, target.userId), 201);
    const acting = { accessToken: started.impersonation_token };
    expectStatus(await call(acting, "GET", "/customers"), 200);
    const path = `/admin/users/${second.userId}`;
    expectStatus(await call(organization.admin, "PATCH", path, change), 200);
    expectProblem(await call(acting, "GET", "/customers"), 401, "impersonation_ended");
  }
});

Deno.test("Nobody acts as themselves, as somebody with more rights, of elsewhere, suspended, or with a key", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  const { admin } = organization;
  const helper = await addMemberWith(organization, ["members:impersonate", "customers:read"]);
  const viewer = await addMember(organization, "viewer");
  const suspended = await addMember(organization, "viewer");
  await call(admin, "PATCH", `/admin/users/${suspended.userId}`, { status: "suspended" });
  expectProblem(await start(admin, admin.userId), 422, "own_account");
  expectProblem(await start(admin, suspended.userId), 409, "not_active");
  for (const id of [other.admin.userId, crypto.randomUUID()]) {
    expectProblem(await start(admin, id), 404, "not_found");
  }
  expectProblem(await start(helper, admin.userId), 403, "role_exceeds_own");
  expectProblem(await start(helper, viewer.userId), 403, "role_exceeds_own");
  expectProblem(await start(viewer, admin.userId), 403, "permission_denied");
  const key = await newApiKey(organization, "admin");
  expectProblem(await start({ accessToken: key.api_key }, viewer.userId), 403, "permission_denied");
  const second = await addMember(organization, "admin");
  const acting = await actingAs(organization, second);
  expectProblem(await start(acting, viewer.userId), 403, "permission_denied");
  const empty = { reason: "  " };
  const path = `/admin/users/${viewer.userId}/impersonate`;
  expectProblem(await call(admin, "POST", path, empty), 422, "invalid_field");
});

Deno.test("Supabase Auth refuses the token of an impersonation: no password, address or session", async () => {
  const organization = await newOrganization();
  const target = await addMember(organization, "viewer");
  const acting = await actingAs(organization, target);
  const { api_url, publishable_key } = stackUnderTest();
  for (const [method, path] of [["GET", "user"], ["PUT", "user"], ["POST", "logout"]]) {
    const answer = await fetch(`${api_url}/auth/v1/${path}`, {
      method: method ?? "",
      headers: {
        apikey: publishable_key,
        authorization: `Bearer ${acting.accessToken}`,
        "content-type": "application/json",
      },
      ...(method === "PUT" && { body: JSON.stringify({ password: "another long password" }) }),
    });
    const text = await answer.text();
    assert(answer.status === 401 || answer.status === 403, `${path}: ${answer.status} ${text}`);
  }
  const [row] = await database()<{ changed: boolean }[]>`
    select exists (select from public.audit_logs where action = 'password_changed'
      and resource_id = ${target.userId}) as changed`;
  assert.equal(row?.changed, false);
});

Deno.test("A token counts in its organization only, and a made-up one nowhere", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  const target = await addMember(organization, "operator");
  const token = await invite(other, target.email, "operator");
  assert.equal((await target.client.rpc("accept_invitation", { token })).error, null);
  const acting = await actingAs(organization, target);
  const elsewhere = { "x-organization-id": other.id };
  expectProblem(await call(acting, "GET", "/customers", undefined, elsewhere), 403, "not_a_member");
  expectStatus(await call(target, "GET", "/customers", undefined, elsewhere), 200);
  const claims = claimsOf(acting.accessToken);
  const forged = [
    { ...claims, session_id: crypto.randomUUID() },
    { ...claims, sub: organization.admin.userId },
    { ...claims, act: { sub: other.admin.userId } },
    { ...claims, act: undefined, token_use: "api_key" },
  ];
  for (const wrong of forged) {
    const caller = { accessToken: await signClaims(wrong) };
    expectProblem(await call(caller, "GET", "/customers"), 401);
  }
});

Deno.test("The cached rights of a person and of their impersonation never mix", async () => {
  const organization = await newOrganization();
  const second = await addMember(organization, "admin");
  const acting = await actingAs(organization, second);
  for (let round = 0; round < 3; round++) {
    expectStatus(await call(second, "GET", "/admin/users"), 200);
    expectProblem(await call(acting, "GET", "/admin/users"), 403, "permission_denied");
  }
  await call(acting, "POST", "/admin/impersonation/end");
  expectProblem(await call(acting, "GET", "/admin/users"), 401, "impersonation_ended");
  expectStatus(await call(second, "GET", "/admin/users"), 200);
});
