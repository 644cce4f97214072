import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { mailArrived, mailsTo } from "../support/mail.ts";
import {
  addMember,
  clientFor,
  newOrganization,
  type Session,
  testPassword,
  uniqueAddress,
  uniqueEmail,
} from "../support/people.ts";

interface Page {
  users: { id: string; email: string; role: string; status: string }[];
  total: number;
  page: number;
  limit: number;
}

interface Created {
  user_id: string | null;
  invite_sent: boolean;
  invitation_id: string | null;
  invitation_token: string | null;
}

interface Bulk {
  results: { user_id: string; done: boolean; code?: string }[];
  done: number;
  refused: number;
}

const pageOf = async (session: Session, query: string) =>
  expectStatus<Page>(await call(session, "GET", `/admin/users${query}`), 200);

const bulk = (session: Session, user_ids: string[], action: string, more = {}) =>
  call(session, "POST", "/admin/users/bulk-action", { user_ids, action, ...more });

/** How many active admins the organization has. */
async function adminsOf(organization: { id: string }): Promise<number> {
  const [row] = await database()<{ n: number }[]>`
    select count(*)::int as n from public.memberships m join public.roles r on r.id = m.role_id
    where m.organization_id = ${organization.id} and m.status = 'active' and r.key = 'admin'`;
  return row?.n ?? 0;
}

Deno.test("GET /admin/users has the old shape, by search, role and status, with page or offset", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const person = await addMember(organization, "counselor");
  await addMember(organization, "viewer");
  const all = await pageOf(admin, "?limit=2");
  assert.deepEqual([all.total, all.page, all.limit, all.users.length], [3, 1, 2, 2]);
  const second = await pageOf(admin, "?limit=2&page=2");
  assert.deepEqual([second.page, second.users.length], [2, 1]);
  assert.deepEqual(await pageOf(admin, "?limit=2&offset=2"), second);
  const found = await pageOf(admin, `?search=${encodeURIComponent(person.email)}&role=counselor`);
  assert.deepEqual(found.users.map(({ id }) => id), [person.userId]);
  assert.equal((await pageOf(admin, "?status=suspended")).total, 0);
  expectProblem(await call(person, "GET", "/admin/users"), 403, "permission_denied");
});

Deno.test("POST /admin/users mails an invitation, whose person is in the list after accepting it", async () => {
  const organization = await newOrganization();
  const email = uniqueEmail();
  const answer = await call(organization.admin, "POST", "/admin/users", {
    email,
    full_name: "Esi Owusu",
    role: "counselor",
  });
  const created = expectStatus<Created>(answer, 201);
  assert.deepEqual([created.user_id, created.invite_sent], [null, true]);
  assert.equal(created.invitation_token, null, "the token is in the mail only");
  await mailArrived(email, /./);
  assert.equal((await pageOf(organization.admin, "")).total, 1);
});

Deno.test("POST /admin/users without a mail creates the account, which signs in after a recovery link only", async () => {
  const organization = await newOrganization();
  const email = uniqueEmail();
  const key = { "idempotency-key": crypto.randomUUID() };
  const body = { email, full_name: "Esi Owusu", role: "counselor", send_invite: false };
  const create = () => call(organization.admin, "POST", "/admin/users", body, key);
  const created = expectStatus<Created>(await create(), 201);
  assert.deepEqual([created.invite_sent, created.invitation_id], [false, null]);
  assert.deepEqual(expectStatus<Created>(await create(), 201), created, "a repeat creates nobody");
  const { users } = await pageOf(organization.admin, `?search=${encodeURIComponent(email)}`);
  assert.deepEqual(users.map(({ id, role }) => [id, role]), [[created.user_id, "counselor"]]);
  assert.deepEqual(await mailsTo(email), []);
  const signIn = { email, password: testPassword };
  expectProblem(await call(null, "POST", "/auth/login", signIn, uniqueAddress()), 401);
  const asked = await call(null, "POST", "/auth/password/forgot", { email }, uniqueAddress());
  expectStatus(asked, 202);
  const [mail] = await mailArrived(email, /./);
  assert(mail !== undefined);
});

Deno.test("POST /admin/users with status suspended creates somebody without access", async () => {
  const organization = await newOrganization();
  const body = { email: uniqueEmail(), role: "viewer", status: "suspended" };
  const post = (input: unknown) => call(organization.admin, "POST", "/admin/users", input);
  expectProblem(await post(body), 422, "invalid_field");
  const { user_id } = expectStatus<Created>(await post({ ...body, send_invite: false }), 201);
  const { users } = await pageOf(organization.admin, "?status=suspended");
  assert.deepEqual(users.map(({ id }) => id), [user_id]);
  const changes = await database()`
    select action from public.audit_logs
    where organization_id = ${organization.id} and resource = 'memberships' and after ->> 'user_id' = ${user_id}`;
  assert.deepEqual(changes.map(({ action }) => action), ["insert"], "never active");
});

Deno.test("POST /admin/users refuses accounts that exist, rights that one lacks, and the sandbox", async () => {
  const [organization, other] = [
    await newOrganization(),
    await newOrganization({ settings: { standing: "sandbox" } }),
  ];
  const post = (session: Session, fields: unknown) => call(session, "POST", "/admin/users", fields);
  const theirs = { email: other.admin.email, role: "viewer", send_invite: false };
  expectProblem(await post(organization.admin, theirs), 409, "account_exists");
  const open = await call(organization.admin, "GET", "/users/invitations");
  assert.equal(expectStatus<{ total: number }>(open, 200).total, 0, "nothing is left behind");
  expectProblem(
    await post(other.admin, { email: uniqueEmail(), role: "viewer", send_invite: false }),
    403,
    "organization_in_sandbox",
  );
  expectProblem(
    await post(organization.admin, { ...theirs, email: organization.admin.email }),
    409,
    "already_member",
  );
  expectProblem(
    await post(organization.admin, { ...theirs, email: uniqueEmail(), role: "no_such_role" }),
    422,
    "unknown_role",
  );
});

Deno.test("PATCH /admin/users/{id} changes role and status, and leaves the e-mail address to its owner", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  const person = await addMember(organization, "counselor");
  const patch = (body: unknown, id = person.userId) =>
    call(organization.admin, "PATCH", `/admin/users/${id}`, body);
  const changed = expectStatus<Page["users"][0]>(
    await patch({ role: "manager", status: "suspended", email: person.email }),
    200,
  );
  assert.deepEqual([changed.role, changed.status], ["manager", "suspended"]);
  expectProblem(await patch({ email: uniqueEmail() }), 403, "email_is_personal");
  expectProblem(await patch({}), 422, "invalid_field");
  expectProblem(await patch({ status: "suspended" }, other.admin.userId), 404, "not_found");
  expectProblem(await patch({ role: "viewer" }, organization.admin.userId), 409, "last_admin");
  const path = `/admin/users/${person.userId}`;
  expectStatus(await call(organization.admin, "DELETE", path), 204);
  expectProblem(await call(organization.admin, "DELETE", path), 404, "not_found");
});

Deno.test("POST /admin/users/bulk-action answers for each id and ends access with the next request", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  const { admin } = organization;
  const [one, two] = [
    await addMember(organization, "counselor"),
    await addMember(organization, "viewer"),
  ];
  const ids = [one.userId, other.admin.userId, admin.userId, two.userId];
  const answer = expectStatus<Bulk>(await bulk(admin, ids, "deactivate"), 200);
  assert.deepEqual(answer.results.map(({ user_id, done, code }) => [user_id, done, code]), [
    [one.userId, true, undefined],
    [other.admin.userId, false, "not_found"],
    [admin.userId, false, "own_account"],
    [two.userId, true, undefined],
  ]);
  assert.deepEqual([answer.done, answer.refused], [2, 2]);
  expectProblem(await call(one, "GET", "/leads"), 403, "not_a_member");
  const back = expectStatus<Bulk>(await bulk(admin, [one.userId], "activate"), 200);
  assert.equal(back.done, 1);
  expectStatus(await call(one, "GET", "/leads"), 200);
  const gone = expectStatus<Bulk>(await bulk(admin, [one.userId, two.userId], "delete"), 200);
  assert.equal(gone.done, 2);
  assert.equal((await pageOf(admin, "")).total, 1);
  expectProblem(await bulk(admin, [one.userId], "activate", { reassign_to: "none" }), 422);
  expectProblem(await bulk(one, [admin.userId], "deactivate"), 403, "not_a_member");
});

Deno.test("Two admins who act on each other at the same moment leave one, by every pair of doors", async () => {
  const doors: Record<string, (by: Session, on: Session) => Promise<unknown>> = {
    bulk: (by, on) => bulk(by, [on.userId], "deactivate"),
    remove: (by, on) => call(by, "DELETE", `/admin/users/${on.userId}`),
    demote: (by, on) => call(by, "PATCH", `/admin/users/${on.userId}`, { role: "viewer" }),
    dataApi: async (by, on) =>
      await clientFor(by.accessToken).from("memberships").update({ status: "suspended" })
        .eq("user_id", on.userId),
  };
  const names = Object.keys(doors);
  for (const [index, first] of names.entries()) {
    for (const second of names.slice(index)) {
      const organization = await newOrganization();
      const [one, two] = [organization.admin, await addMember(organization, "admin")];
      await Promise.all([doors[first]?.(one, two), doors[second]?.(two, one)]);
      assert.equal(await adminsOf(organization), 1, `${first} against ${second}`);
    }
  }
});

Deno.test("Bulk actions over the same people at the same moment do not deadlock", async () => {
  const organization = await newOrganization();
  const second = await addMember(organization, "admin");
  const people = await Promise.all(
    Array.from({ length: 6 }, () => addMember(organization, "viewer")),
  );
  const ids = people.map(({ userId }) => userId);
  const answers = await Promise.all([
    bulk(organization.admin, ids, "deactivate"),
    bulk(second, ids.toReversed(), "deactivate"),
    bulk(organization.admin, ids.toReversed(), "activate"),
  ]);
  for (const answer of answers) assert.equal(expectStatus<Bulk>(answer, 200).refused, 0);
});
