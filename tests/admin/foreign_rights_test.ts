import assert from "node:assert/strict";
import { newApiKey } from "../support/api_keys.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  addMember,
  newOrganization,
  newTeam,
  type Organization,
  uniqueEmail,
} from "../support/people.ts";

const keys = "/admin/integrations/api-keys";

/** An organization with a role, a team, a person and a key; the role's name is its own. */
async function furnished() {
  const organization = await newOrganization();
  const name = `Chief ${crypto.randomUUID().slice(0, 8)}`;
  const body = { name, permissions: { "leads:read": "organization" } };
  const role = expectStatus<{ id: string; key: string }>(
    await call(organization.admin, "POST", "/admin/roles", body),
    201,
  );
  const person = await addMember(organization, role.key);
  const key = await newApiKey(organization, role.key);
  return { ...organization, role, person, team: await newTeam(organization), key };
}

/** All that says who may do what in an organization. */
async function rightsOf({ admin }: Organization): Promise<unknown> {
  const paths = ["/admin/roles", "/admin/users", "/admin/teams", keys, "/users/invitations"];
  return await Promise.all(
    paths.map(async (path) => expectStatus(await call(admin, "GET", path), 200)),
  );
}

Deno.test("No way to a right leads through roles, teams, people or keys of another organization", async () => {
  const [ours, theirs] = [await furnished(), await furnished()];
  const { admin, person, role } = ours;
  const me = `/admin/users/${person.userId}`;
  const invited = (fields: unknown) => ({
    email: uniqueEmail(),
    send_invite: false,
    ...(fields as Record<string, unknown>),
  });
  const attempts: [string, string, unknown, number][] = [
    ["PATCH", me, { role: theirs.role.key }, 422],
    ["PATCH", me, { team_id: theirs.team }, 422],
    ["PATCH", `/admin/users/${theirs.person.userId}`, { role: "admin" }, 404],
    ["DELETE", `/admin/users/${theirs.person.userId}`, undefined, 404],
    ["DELETE", `${me}?reassign_to=${theirs.person.userId}`, undefined, 422],
    ["POST", `/admin/users/${theirs.person.userId}/impersonate`, { reason: "Ticket 12" }, 404],
    ["POST", "/admin/users", invited({ role: theirs.role.key }), 422],
    ["POST", "/admin/users", invited({ role: "viewer", team_id: theirs.team }), 422],
    ["POST", "/users", invited({ role: theirs.role.key }), 422],
    ["PATCH", `/admin/roles/${theirs.role.id}`, { permissions: { "leads:read": "own" } }, 404],
    ["DELETE", `/admin/roles/${theirs.role.id}?replace_with=admin`, undefined, 404],
    ["DELETE", `/admin/roles/${role.id}?replace_with=${theirs.role.key}`, undefined, 422],
    ["DELETE", `/admin/teams/${ours.team}?move_to=${theirs.team}`, undefined, 422],
    ["PATCH", `/admin/teams/${theirs.team}`, { name: "Ours" }, 404],
    ["POST", keys, { name: "X", role: theirs.role.key }, 422],
    ["POST", keys, { name: "X", role: "viewer", team_id: theirs.team }, 422],
    ["PATCH", `${keys}/${theirs.key.key_id}`, { name: "Ours" }, 404],
    ["POST", `${keys}/${theirs.key.key_id}/rotate`, {}, 404],
  ];
  const before = [await rightsOf(ours), await rightsOf(theirs)];
  for (const [method, path, body, status] of attempts) {
    const answer = await call(admin, method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    expectProblem(answer, status);
  }
  assert.deepEqual([await rightsOf(ours), await rightsOf(theirs)], before);
});

Deno.test("Nor does the Data API, with another organization's ids", async () => {
  const [ours, theirs] = [await furnished(), await furnished()];
  const before = [await rightsOf(ours), await rightsOf(theirs)];
  const { client, userId } = ours.admin;
  const answers = await Promise.all([
    client.from("memberships").insert({
      organization_id: theirs.id,
      user_id: userId,
      role_id: theirs.role.id,
    }).select(),
    client.from("memberships").update({ role_id: theirs.role.id })
      .eq("user_id", ours.person.userId).select(),
    client.from("memberships").update({ status: "suspended" })
      .eq("user_id", theirs.person.userId).select(),
    client.from("role_permissions").insert({
      role_id: theirs.role.id,
      permission: "audit:read",
    }).select(),
    client.from("role_permissions").delete().eq("role_id", theirs.role.id).select(),
    client.from("roles").insert({ organization_id: theirs.id, key: "mine", name: "Mine" }).select(),
    client.from("roles").update({ name: "Mine" }).eq("id", theirs.role.id).select(),
    client.from("roles").update({ organization_id: theirs.id }).eq("id", ours.role.id).select(),
    client.from("memberships").select().eq("organization_id", theirs.id),
  ]);
  for (const [index, { data, error }] of answers.entries()) {
    assert(error !== null || data?.length === 0, `${index}: ${JSON.stringify(data)}`);
  }
  assert.deepEqual([await rightsOf(ours), await rightsOf(theirs)], before);
});
