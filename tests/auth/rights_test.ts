import assert from "node:assert/strict";
import { addMember, addMemberWith, newOrganization, uniqueEmail } from "../support/people.ts";
import { invite, register } from "../support/registration.ts";

Deno.test("The last admin of an organization can neither leave, nor step down, nor be suspended", async () => {
  const { id, admin } = await newOrganization();
  const viewer = await admin.client.from("roles").select("id").eq("key", "viewer").is(
    "organization_id",
    null,
  ).single();
  const own = () => admin.client.from("memberships");
  const attempts = [
    await own().delete().eq("organization_id", id).eq("user_id", admin.userId),
    await own().update({ role_id: viewer.data?.id ?? "" }).eq("organization_id", id).eq(
      "user_id",
      admin.userId,
    ),
    await own().update({ status: "suspended" }).eq("organization_id", id).eq(
      "user_id",
      admin.userId,
    ),
  ];
  for (const { error } of attempts) assert.equal(error?.hint, "last_admin", JSON.stringify(error));
  const { data } = await admin.client.rpc("actor");
  assert.equal((data as { role: string }).role, "admin");
});

Deno.test("Nobody wins rights that they lack: not by role, invitation, permission or another's membership", async () => {
  const organization = await newOrganization();
  const { id, admin } = organization;
  const roles = await admin.client.from("roles").select("id, key").is("organization_id", null);
  const adminRole = roles.data?.find((role) => role.key === "admin")?.id ?? "";
  const clerk = await addMember(organization, "operator");
  const untouched = await clerk.client.from("memberships").update({ role_id: adminRole })
    .eq("organization_id", id).eq("user_id", clerk.userId).select();
  assert.deepEqual(untouched.data, [], "a clerk changes no membership");
  const invitee = { email: uniqueEmail(), role: "viewer" };
  const asClerk = { organization_id: id, invitee };
  assert.equal((await clerk.client.rpc("invite_user", asClerk)).error?.hint, "permission_denied");

  const keeper = await addMemberWith(organization, [
    "members:read",
    "members:manage",
    "roles:manage",
  ]);
  const promoted = await keeper.client.from("memberships").update({ role_id: adminRole })
    .eq("organization_id", id).eq("user_id", keeper.userId);
  assert.equal(promoted.error?.hint, "role_exceeds_own");
  const invited = await keeper.client.rpc("invite_user", {
    organization_id: id,
    invitee: { ...invitee, role: "admin" },
  });
  assert.equal(invited.error?.hint, "role_exceeds_own");
  const role = await keeper.client.from("roles").insert({
    organization_id: id,
    key: "mine",
    name: "Mine",
  })
    .select("id").single();
  const given = await keeper.client.from("role_permissions")
    .insert({ role_id: role.data?.id ?? "", permission: "customers:delete" });
  assert.equal(given.error?.hint, "role_exceeds_own");
  const system = await admin.client.from("role_permissions")
    .insert({ role_id: adminRole, permission: "customers:delete" });
  assert(system.error, "a system role cannot be changed");
});

Deno.test("An admin of one organization can do nothing to the members of another", async () => {
  const [mine, theirs] = [await newOrganization(), await newOrganization()];
  const { client } = mine.admin;
  const removed = await client.from("memberships").delete().eq("organization_id", theirs.id)
    .select();
  assert.deepEqual(removed.data, []);
  const asked = await client.rpc("invite_user", {
    organization_id: theirs.id,
    invitee: { email: uniqueEmail(), role: "viewer" },
  });
  assert.equal(asked.error?.hint, "not_a_member");
  const stranger = await register({ organization_name: "Stranger" });
  const stolen = await stranger.client.rpc("accept_invitation", {
    token: await invite(theirs, uniqueEmail(), "admin"),
  });
  assert.equal(stolen.error?.hint, "invitation_invalid");
  for (const table of ["memberships", "profiles", "invitations"] as const) {
    const { data } = await client.from(table).select("id");
    assert(
      !JSON.stringify(data).includes(theirs.admin.userId),
      `${table} shows nobody of the other organization`,
    );
  }
});
