import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus, type ProblemBody } from "../support/http.ts";
import { storeDifferentLeads } from "../support/lead_rows.ts";
import { addMember, newOrganization, newTeam, type Session } from "../support/people.ts";
import { invite } from "../support/registration.ts";

type Fields = Record<string, unknown>;

const change = (session: Session, id: string, body: unknown) =>
  call(session, "PATCH", `/users/${id}`, body);

const holdersOf = (leads: string[]) =>
  withDatabase(async (sql) => {
    const rows = await sql<{ assigned_to: string | null }[]>`
      select assigned_to from public.leads where id = any (${leads}) order by array_position(${leads}::uuid[], id)`;
    return rows.map(({ assigned_to }) => assigned_to);
  });

Deno.test("PATCH /users/{id} changes role, team, status and name, and the audit log has it", async () => {
  const organization = await newOrganization();
  const person = await addMember(organization, "counselor");
  const team_id = await newTeam(organization, [], "North");
  const body = { role: "manager", team_id, full_name: "Esi Owusu", status: "suspended" };
  const changed = expectStatus<Fields>(
    await change(organization.admin, person.userId, body),
    200,
  );
  assert.deepEqual(
    [changed["role"], changed["team_name"], changed["full_name"], changed["status"]],
    ["manager", "North", "Esi Owusu", "suspended"],
  );
  const read = await call(organization.admin, "GET", `/users/${person.userId}`);
  assert.deepEqual(expectStatus(read, 200), changed);
  const log = expectStatus<{ logs: { resource: string; changed: string[]; user_id: string }[] }>(
    await call(organization.admin, "GET", "/audit-logs?action=update&limit=2"),
    200,
  );
  assert.deepEqual(
    log.logs.map(({ resource, changed, user_id }) => [resource, changed.join(), user_id]),
    [["memberships", "role_id,status,team_id", organization.admin.userId], [
      "profiles",
      "full_name",
      organization.admin.userId,
    ]],
  );
});

Deno.test("A suspended person is refused at once and comes back when active again", async () => {
  const organization = await newOrganization();
  const person = await addMember(organization, "counselor");
  const [lead] = await storeDifferentLeads(organization, [{ assigned_to: person.userId }]);
  expectStatus(await call(person, "GET", "/dashboard/metrics"), 200);
  await change(organization.admin, person.userId, { status: "suspended" });
  expectProblem(await call(person, "GET", "/dashboard/metrics"), 403, "not_a_member");
  expectProblem(await call(person, "GET", `/users/${person.userId}`), 403, "not_a_member");
  assert.deepEqual(await holdersOf([lead ?? ""]), [person.userId], "the leads stay");
  await change(organization.admin, person.userId, { status: "active" });
  expectStatus(await call(person, "GET", "/dashboard/metrics"), 200);
});

Deno.test("The name of a person of two organizations is only its own to change", async () => {
  const [one, two] = [await newOrganization(), await newOrganization()];
  const person = await addMember(one, "counselor");
  const token = await invite(two, person.email, "viewer");
  assert.equal((await person.client.rpc("accept_invitation", { token })).error, null);
  for (const { admin } of [one, two]) {
    const answer = await change(admin, person.userId, { full_name: "Renamed", role: "manager" });
    expectProblem(answer, 403, "name_is_personal");
  }
  const read = await call(one.admin, "GET", `/users/${person.userId}`);
  const { full_name, role } = expectStatus<Fields>(read, 200);
  assert.deepEqual([full_name, role], ["Test Person", "counselor"], "all or nothing");
  expectStatus(await change(one.admin, person.userId, { role: "manager" }), 200);
  const [other] = expectStatus<{ data: Fields[] }>(
    await call(two.admin, "GET", `/users?search=${encodeURIComponent(person.email)}`),
    200,
  ).data;
  assert.equal(other?.["role"], "viewer", "a role in one organization is none in another");
});

Deno.test("PATCH /users/{id} refuses what is wrong and what would leave no admin", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  const { admin } = organization;
  const person = await addMember(organization, "counselor");
  const refused: [string, unknown, number, string][] = [
    [person.userId, {}, 422, "invalid_field"],
    [person.userId, { status: "gone" }, 422, "invalid_field"],
    [person.userId, { role: "no_such_role" }, 422, "unknown_role"],
    [person.userId, { team_id: crypto.randomUUID() }, 422, "invalid_field"],
    [person.userId, { full_name: "  " }, 422, "invalid_field"],
    [admin.userId, { role: "viewer" }, 409, "last_admin"],
    [admin.userId, { status: "suspended" }, 409, "last_admin"],
    [other.admin.userId, { status: "suspended" }, 404, "not_found"],
    [crypto.randomUUID(), { status: "suspended" }, 404, "not_found"],
  ];
  for (const [id, body, status, code] of refused) {
    expectProblem(await change(admin, id, body), status, code);
  }
  expectProblem(
    await change(person, person.userId, { role: "admin" }),
    403,
    "permission_denied",
  );
});

Deno.test("DELETE /users/{id} asks what to do with open leads and tasks, then hands them over", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const [leaver, heir] = [
    await addMember(organization, "counselor"),
    await addMember(organization, "counselor"),
  ];
  const leads = await storeDifferentLeads(organization, [
    { assigned_to: leaver.userId },
    { assigned_to: leaver.userId },
    { assigned_to: leaver.userId, status: "lost" },
  ]);
  await withDatabase((sql) =>
    sql`insert into public.tasks (organization_id, title, assigned_to) values (${organization.id}, 'Call', ${leaver.userId})`
  );
  const path = `/users/${leaver.userId}`;
  const asked = expectProblem(await call(admin, "DELETE", path), 409, "has_open_leads");
  const members = asked as ProblemBody & { open_leads: number; open_tasks: number };
  assert.deepEqual([members.open_leads, members.open_tasks], [2, 1]);
  for (const reassign_to of [leaver.userId, admin.userId.replace(/^./, "x"), crypto.randomUUID()]) {
    const answer = await call(admin, "DELETE", `${path}?reassign_to=${reassign_to}`);
    expectProblem(answer, 422, "invalid_field");
  }
  expectStatus(await call(admin, "DELETE", `${path}?reassign_to=${heir.userId}`), 204);
  assert.deepEqual(await holdersOf(leads), [heir.userId, heir.userId, leaver.userId]);
  expectProblem(await call(leaver, "GET", `/users/${leaver.userId}`), 403, "not_a_member");
  expectProblem(await call(admin, "GET", path), 404, "not_found");
  expectProblem(await call(admin, "DELETE", path), 404, "not_found");
  const log = expectStatus<{ logs: { user_email: string }[] }>(
    await call(admin, "GET", "/audit-logs?resource=memberships&action=delete"),
    200,
  );
  assert.deepEqual(log.logs.map(({ user_email }) => user_email), [admin.email]);
  const again = await addMemberAgain(organization.admin, organization.id, leaver);
  assert.equal(expectStatus<Fields>(again, 200)["open_leads"], 0, "who comes back begins afresh");
});

async function addMemberAgain(admin: Session, organizationId: string, person: Session) {
  const token = await invite({ id: organizationId, admin }, person.email, "counselor");
  assert.equal((await person.client.rpc("accept_invitation", { token })).error, null);
  return await call(admin, "GET", `/users/${person.userId}`);
}

Deno.test("DELETE /users/{id}?reassign_to=none leaves the leads to nobody; without any nothing is asked", async () => {
  const organization = await newOrganization();
  const [leaver, idle] = [
    await addMember(organization, "counselor"),
    await addMember(organization, "counselor"),
  ];
  const leads = await storeDifferentLeads(organization, [{ assigned_to: leaver.userId }]);
  expectStatus(await call(organization.admin, "DELETE", `/users/${idle.userId}`), 204);
  const path = `/users/${leaver.userId}?reassign_to=none`;
  expectStatus(await call(organization.admin, "DELETE", path), 204);
  assert.deepEqual(await holdersOf(leads), [null]);
  const metrics = await call(organization.admin, "GET", "/dashboard/metrics");
  assert.equal(expectStatus<Fields>(metrics, 200)["unassigned"], 1);
});

Deno.test("An organization keeps an admin, also when two remove each other at the same moment", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  expectProblem(await call(admin, "DELETE", `/users/${admin.userId}`), 409, "last_admin");
  const second = await addMember(organization, "admin");
  const answers = await Promise.all([
    call(admin, "DELETE", `/users/${second.userId}`),
    call(second, "DELETE", `/users/${admin.userId}`),
  ]);
  assert.equal(
    answers.filter(({ status }) => status === 204).length,
    1,
    JSON.stringify(answers.map(({ status, body }) => [status, body])),
  );
  const [left] = await withDatabase((sql) =>
    sql<
      { n: number }[]
    >`select count(*)::int as n from public.memberships where organization_id = ${organization.id}`
  );
  assert.equal(left?.n, 1);
});

Deno.test("Another organization's admin changes and removes nobody", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  const person = await addMember(organization, "counselor");
  for (const id of [person.userId, crypto.randomUUID()]) {
    expectProblem(await change(other.admin, id, { status: "suspended" }), 404, "not_found");
    const path = `/users/${id}?reassign_to=none`;
    expectProblem(await call(other.admin, "DELETE", path), 404, "not_found");
  }
  expectStatus(await call(person, "GET", `/users/${person.userId}`), 200);
});
