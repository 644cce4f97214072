import assert from "node:assert/strict";
import type { Page } from "../support/customers.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { storeDifferentLeads } from "../support/lead_rows.ts";
import {
  addMember,
  addMemberWith,
  newOrganization,
  newTeam,
  type Organization,
  uniqueEmail,
} from "../support/people.ts";
import { register } from "../support/registration.ts";

interface UserBody {
  id: string;
  email: string;
  full_name: string;
  role: string;
  role_name: string;
  team_id: string | null;
  team_name: string | null;
  status: string;
  open_leads: number | null;
  last_sign_in_at: string | null;
}

interface InvitedBody {
  id: string;
  email: string;
  full_name: string;
  token: string | null;
  invite_sent: boolean;
}

const list = async (session: Caller, query = ""): Promise<Page<UserBody>> =>
  expectStatus(await call(session, "GET", `/users${query}`), 200);

const invited = async (organization: Organization, body: unknown): Promise<InvitedBody> =>
  expectStatus(await call(organization.admin, "POST", "/users", body), 201);

Deno.test("GET /users lists the people with role, team, open leads and last sign-in", async () => {
  const organization = await newOrganization();
  const counselor = await addMember(organization, "counselor");
  const team_id = await newTeam(organization, [counselor], "North");
  await storeDifferentLeads(organization, [
    { assigned_to: counselor.userId },
    { assigned_to: counselor.userId },
    { assigned_to: counselor.userId, status: "won" },
  ]);
  const { data, total } = await list(organization.admin);
  assert.equal(total, 2);
  const shown = data.find(({ id }) => id === counselor.userId);
  assert(shown);
  assert.deepEqual(
    { ...shown, last_sign_in_at: typeof shown.last_sign_in_at },
    {
      ...shown,
      email: counselor.email,
      full_name: "Test Person",
      role: "counselor",
      role_name: "Counselor",
      team_id,
      team_name: "North",
      status: "active",
      open_leads: 2,
      last_sign_in_at: "string",
    },
  );
});

Deno.test("GET /users is narrowed by search, role, status and team, page by page", async () => {
  const organization = await newOrganization();
  const [one, two] = [
    await addMember(organization, "counselor"),
    await addMember(organization, "viewer"),
  ];
  const team_id = await newTeam(organization, [two], "North");
  await call(organization.admin, "PATCH", `/users/${two.userId}`, { status: "suspended" });
  const ids = async (query: string) =>
    (await list(organization.admin, query)).data.map(({ id }) => id);
  assert.deepEqual(await ids(`?search=${one.email.slice(0, 30).toUpperCase()}`), [one.userId]);
  assert.deepEqual(await ids("?search=%25"), [], "a search has no wildcards");
  assert.deepEqual(await ids("?role=counselor"), [one.userId]);
  assert.deepEqual(await ids("?status=suspended"), [two.userId]);
  assert.deepEqual(await ids(`?team_id=${team_id}`), [two.userId]);
  const pages = [...await ids("?limit=2"), ...await ids("?limit=2&offset=2")];
  assert.equal(new Set(pages).size, 3);
  assert.equal((await list(organization.admin, "?limit=1")).total, 3);
  for (const query of ["?role=ADMIN", "?status=gone", "?team_id=1", "?limit=0", "?limit=201"]) {
    expectProblem(await call(organization.admin, "GET", `/users${query}`), 422, "invalid_field");
  }
});

Deno.test("Only those who manage members list people; colleagues see each other, and everybody themselves", async () => {
  const organization = await newOrganization();
  const counselor = await addMember(organization, "counselor");
  const stranger = await addMemberWith(organization, ["customers:read"]);
  expectProblem(await call(counselor, "GET", "/users"), 403, "permission_denied");
  const colleague = expectStatus<UserBody>(
    await call(counselor, "GET", `/users/${organization.admin.userId}`),
    200,
  );
  assert.deepEqual([colleague.email, colleague.open_leads, colleague.last_sign_in_at], [
    organization.admin.email,
    null,
    null,
  ]);
  const self = expectStatus<UserBody>(
    await call(stranger, "GET", `/users/${stranger.userId}`),
    200,
  );
  assert.equal(self.open_leads, 0);
  expectProblem(
    await call(stranger, "GET", `/users/${counselor.userId}`),
    403,
    "permission_denied",
  );
  const other = await newOrganization();
  expectProblem(await call(other.admin, "GET", `/users/${counselor.userId}`), 404, "not_found");
  expectProblem(
    await call(organization.admin, "GET", `/users/${crypto.randomUUID()}`),
    404,
    "not_found",
  );
  expectProblem(await call(organization.admin, "GET", "/users/me"), 422, "invalid_field");
});

Deno.test("POST /users invites a person, who joins with the role, team and name that were given", async () => {
  const organization = await newOrganization();
  const team_id = await newTeam(organization, [], "North");
  const email = uniqueEmail("new");
  const invitation = await invited(organization, {
    email: ` ${email.toUpperCase()} `,
    full_name: "Kofi Boateng",
    role: "counselor",
    team_id,
  });
  assert.deepEqual([invitation.email, invitation.full_name, invitation.invite_sent], [
    email,
    "Kofi Boateng",
    true,
  ]);
  const waiting = expectStatus<Page<{ id: string; role: string }>>(
    await call(organization.admin, "GET", "/users/invitations"),
    200,
  );
  assert.deepEqual(waiting.data.map(({ id, role }) => [id, role]), [[invitation.id, "counselor"]]);
  assert(
    !JSON.stringify(waiting).includes(invitation.token ?? "?"),
    "the token is not shown again",
  );
  const person = await register({ email, invitation_token: invitation.token ?? "" });
  const [shown] = (await list(organization.admin, `?team_id=${team_id}`)).data;
  assert.deepEqual([shown?.id, shown?.role], [person.userId, "counselor"]);
  const left = await call(organization.admin, "GET", "/users/invitations");
  assert.equal(expectStatus<Page<unknown>>(left, 200).total, 0);
  const again = { email, role: "viewer" };
  expectProblem(await call(organization.admin, "POST", "/users", again), 409, "already_member");
});

Deno.test("POST /users with an Idempotency-Key invites once and keeps the token to the first answer", async () => {
  const organization = await newOrganization();
  const body = { email: uniqueEmail("new"), role: "viewer", send_invite: false };
  const headers = { "idempotency-key": crypto.randomUUID() };
  const post = async (wanted: unknown) =>
    await call(organization.admin, "POST", "/users", wanted, headers);
  const first = expectStatus<InvitedBody>(await post(body), 201);
  const second = expectStatus<InvitedBody>(await post(body), 201);
  assert.equal(first.invite_sent, false);
  assert.deepEqual(second, { ...first, token: null });
  expectProblem(await post({ ...body, role: "counselor" }), 422, "idempotency_key_reused");
  await register({ email: body.email, invitation_token: first.token ?? "" });
});

Deno.test("POST /users refuses what cannot be invited", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  const foreign = await newTeam(other, [], "Theirs");
  const email = uniqueEmail("new");
  const refused: [unknown, string][] = [
    [{ email: "nobody", role: "viewer" }, "invalid_field"],
    [{ email, role: "no_such_role" }, "unknown_role"],
    [{ email, role: "viewer", team_id: foreign }, "invalid_field"],
    [{ email, role: "viewer", full_name: "x".repeat(201) }, "invalid_field"],
    [{ email, role: "viewer", full_name: "two\nlines" }, "invalid_field"],
    [{ email }, "invalid_field"],
  ];
  for (const [body, code] of refused) {
    expectProblem(await call(organization.admin, "POST", "/users", body), 422, code);
  }
  const clerk = await addMemberWith(organization, ["members:manage"]);
  const admin = { email, role: "admin" };
  expectProblem(await call(clerk, "POST", "/users", admin), 403, "role_exceeds_own");
  expectProblem(
    await call(await addMember(organization, "manager"), "POST", "/users", admin),
    403,
    "permission_denied",
  );
});

Deno.test("DELETE /users/invitations/{id} ends an invitation, once, and only one's own organization's", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  const invitation = await invited(organization, { email: uniqueEmail("new"), role: "viewer" });
  const path = `/users/invitations/${invitation.id}`;
  expectProblem(await call(other.admin, "DELETE", path), 404, "not_found");
  expectStatus(await call(organization.admin, "DELETE", path), 204);
  expectProblem(await call(organization.admin, "DELETE", path), 404, "not_found");
  const joining = {
    email: invitation.email,
    password: "correct horse battery",
    full_name: "Late",
    invitation_token: invitation.token,
  };
  expectProblem(await call(null, "POST", "/auth/register", joining), 422, "invitation_invalid");
});
