import assert from "node:assert/strict";
import { newApiKey } from "../support/api_keys.ts";
import { operationsOf, writtenDocument } from "../support/document.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  addMember,
  addMemberWith,
  newOrganization,
  type Session,
  uniqueEmail,
} from "../support/people.ts";
import { until } from "../support/wait.ts";

interface Role {
  id: string;
  key: string;
  permissions: Record<string, string>;
  is_system: boolean;
  members: number;
}

const rolesOf = async (session: Session) =>
  expectStatus<Role[]>(await call(session, "GET", "/admin/roles"), 200);

const create = (session: Session, body: unknown) => call(session, "POST", "/admin/roles", body);

Deno.test("GET /admin/permissions is the catalogue from which every operation of the API takes its permission", async () => {
  const { admin } = await newOrganization();
  const { permissions } = expectStatus<{ permissions: { name: string; description: string }[] }>(
    await call(admin, "GET", "/admin/permissions"),
    200,
  );
  assert(permissions.every(({ description }) => description.length > 5));
  const names = new Set(permissions.map(({ name }) => name));
  for (const { id, permission } of operationsOf(await writtenDocument())) {
    assert(permission === undefined || names.has(permission), `${id} requires ${permission}`);
  }
});

Deno.test("A role is made, given, changed and deleted, each with effect on the very next request", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const role = expectStatus<Role>(
    await create(admin, { name: "Night shift", permissions: { "customers:read": "organization" } }),
    201,
  );
  assert.deepEqual([role.key, role.is_system, role.members], ["night_shift", false, 0]);
  const person = await addMember(organization, role.key);
  expectStatus(await call(person, "GET", "/customers"), 200);
  expectProblem(await call(person, "GET", "/leads"), 403, "permission_denied");
  const path = `/admin/roles/${role.id}`;
  const permissions = { "leads:read": "own" };
  expectStatus(await call(admin, "PATCH", path, { permissions }), 200);
  expectProblem(await call(person, "GET", "/customers"), 403, "permission_denied");
  expectStatus(await call(person, "GET", "/leads"), 200);
  await newApiKey(organization, role.key);
  const listed = (await rolesOf(admin)).find(({ id }) => id === role.id);
  assert.deepEqual([listed?.permissions, listed?.members], [permissions, 1]);
  const invited = { email: uniqueEmail(), role: role.key, send_invite: false };
  expectStatus(await call(admin, "POST", "/users", invited), 201);
  const used = expectProblem(await call(admin, "DELETE", path), 409, "role_in_use");
  const counts = used as unknown as { members: number; keys: number; invitations: number };
  assert.deepEqual([counts.members, counts.keys, counts.invitations], [1, 1, 1]);
  expectStatus(await call(admin, "DELETE", `${path}?replace_with=viewer`), 204);
  expectStatus(await call(person, "GET", "/customers"), 200);
  expectProblem(await call(admin, "DELETE", path), 404, "not_found");
});

Deno.test("System roles and roles of others stay as they are", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  const theirs = expectStatus<Role>(
    await create(other.admin, { name: "Staff", permissions: {} }),
    201,
  );
  const system = (await rolesOf(organization.admin)).filter(({ is_system }) => is_system);
  assert.equal(system.length, 8);
  const cases: [string, number, string][] = [
    [system[0]?.id ?? "", 409, "system_role"],
    [theirs.id, 404, "not_found"],
    [crypto.randomUUID(), 404, "not_found"],
  ];
  for (const [id, status, code] of cases) {
    const path = `/admin/roles/${id}`;
    const change = { permissions: { "audit:read": "own" } };
    expectProblem(await call(organization.admin, "PATCH", path, change), status, code);
    expectProblem(await call(organization.admin, "DELETE", path), status, code);
  }
  assert.deepEqual(await rolesOf(other.admin).then((all) => all.at(-1)), theirs);
});

Deno.test("Nobody gains a right that they lack: by a new role, a changed one, a given one or an invitation", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const person = await addMemberWith(organization, [
    "roles:manage",
    "members:manage",
    "members:read",
  ]);
  const colleague = await addMember(organization, "viewer");
  const [own] = (await rolesOf(person)).filter(({ permissions }) => "roles:manage" in permissions)
    .filter(({ is_system }) => !is_system);
  const strong = expectStatus<Role>(
    await create(admin, { name: "Strong", permissions: { "leads:read": "organization" } }),
    201,
  );
  const denied = "role_exceeds_own";
  const more = { permissions: { ...own?.permissions, "leads:read": "own" } };
  const attempts: [string, string, unknown][] = [
    ["POST", "/admin/roles", { name: "X", permissions: { "leads:read": "own" } }],
    ["PATCH", `/admin/roles/${own?.id}`, more],
    ["PATCH", `/admin/roles/${strong.id}`, { name: "Mine" }],
    ["DELETE", `/admin/roles/${strong.id}`, undefined],
    ["PATCH", `/admin/users/${person.userId}`, { role: "admin" }],
    ["PATCH", `/admin/users/${person.userId}`, { role: strong.key }],
    ["PATCH", `/admin/users/${colleague.userId}`, { role: own?.key }],
    ["POST", "/admin/users", { email: uniqueEmail(), role: "admin" }],
    ["POST", "/admin/users", { email: uniqueEmail(), role: "viewer", send_invite: false }],
    ["POST", "/users", { email: uniqueEmail(), role: strong.key }],
  ];
  for (const [method, path, body] of attempts) {
    expectProblem(await call(person, method, path, body), 403, denied);
  }
  const { client } = person;
  const tables = await Promise.all([
    client.from("role_permissions").insert({
      role_id: own?.id ?? "",
      permission: "leads:read",
    }),
    client.from("memberships").update({ role_id: strong.id }).eq("user_id", person.userId),
  ]);
  for (const { error } of tables) assert.equal(error?.hint, denied, JSON.stringify(error));
  assert.deepEqual((await rolesOf(admin)).find(({ id }) => id === own?.id), own);
});

Deno.test("A role that is deleted while it is given leaves nobody without a role", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  for (let round = 0; round < 5; round++) {
    const role = expectStatus<Role>(await create(admin, { name: "Brief", permissions: {} }), 201);
    const person = await addMember(organization, "viewer");
    const [given, deleted] = await Promise.all([
      call(admin, "PATCH", `/admin/users/${person.userId}`, { role: role.key }),
      call(admin, "DELETE", `/admin/roles/${role.id}`),
    ]);
    const outcome = [given.status, deleted.status];
    assert(
      [[200, 409], [422, 204]].some((allowed) => String(allowed) === String(outcome)),
      `${outcome}: ${JSON.stringify([given.body, deleted.body])}`,
    );
    if (deleted.status === 409) {
      expectStatus(await call(admin, "DELETE", `/admin/roles/${role.id}?replace_with=viewer`), 204);
    }
  }
});

Deno.test("Two roles that replace each other at the same moment: one is deleted, and no deadlock", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const role = async (name: string) => {
    const made = expectStatus<Role>(await create(admin, { name, permissions: {} }), 201);
    const { userId } = await addMember(organization, made.key);
    return { ...made, userId };
  };
  const [day, night] = [await role("Day"), await role("Night")];
  const replace = (old: Role, { key }: Role) =>
    call(admin, "DELETE", `/admin/roles/${old.id}?replace_with=${key}`);
  const deletions = await withDatabase((sql) =>
    sql.begin(async (change) => {
      await change`
        select from public.memberships where user_id in (${day.userId}, ${night.userId}) for update`;
      const [self] = await change<{ pid: number }[]>`select pg_backend_pid() as pid`;
      const both = [replace(day, night), replace(night, day)];
      await until(async () =>
        (await sql`
          with first as materialized (
            select pid from pg_stat_activity where ${self?.pid ?? 0} = any (pg_blocking_pids(pid))
          )
          select pid from first union
          select a.pid from pg_stat_activity a where pg_blocking_pids(a.pid) && array(select pid from first)
        `).length === 2, { what: "two deletions that wait" });
      return { both };
    })
  );
  const answers = await Promise.all(deletions.both);
  const [done, refused] = answers.toSorted((a, b) => a.status - b.status);
  assert.equal(done?.status, 204, JSON.stringify(answers));
  if (refused) expectProblem(refused, 422, "unknown_role");
});
