import assert from "node:assert/strict";
import { call, expectProblem, expectStatus } from "./support/http.ts";
import {
  addMember,
  addMemberWith,
  invite,
  newOrganization,
  type Organization,
  register,
  type Session,
  uniqueEmail,
} from "./support/organization.ts";

interface MeBody {
  profile: { id: string; email: string; full_name: string };
  memberships: { organization_id: string; role: string; status: string; is_default: boolean }[];
  organization: { id: string } | null;
  role: string | null;
  permissions: Record<string, string>;
}

const me = async (session: Session, headers: Record<string, string> = {}) =>
  expectStatus<MeBody>(await call(session, "GET", "/auth/me", undefined, headers), 200);

const membershipOf = ({ id, admin }: Organization, member: Session) =>
  admin.client.from("memberships").update({ status: "suspended" })
    .eq("organization_id", id).eq("user_id", member.userId).select("status");

/** Endpoints of several functions, each of which remembers its callers for a while. */
const everywhere: [string, string, unknown?][] = [
  ["GET", "/customers"],
  ["GET", "/customers/dashboard/data"],
  ["GET", "/actions"],
  ["GET", "/upload/batches"],
  ["GET", "/sms/messages"],
  ["POST", "/customers", { name: "A", account_number: "1", phone: "+233244123456" }],
  ["POST", "/sms/send", { to: "+233244123456", message: "Hello" }],
];

async function refusedEverywhere(
  session: Session,
  headers: Record<string, string> = {},
): Promise<void> {
  for (const [method, path, body] of everywhere) {
    expectProblem(await call(session, method, path, body, headers), 403, "not_a_member");
  }
}

Deno.test("A suspended membership ends access with the very next request, and its end gives it back", async () => {
  const organization = await newOrganization();
  const member = await addMember(organization, "operator");
  for (const [method, path, body] of everywhere) {
    const { status } = await call(member, method, path, body);
    assert(status < 300, `${method} ${path} works before: ${status}`);
  }
  assert.deepEqual((await membershipOf(organization, member)).data, [{ status: "suspended" }]);
  await refusedEverywhere(member);
  await refusedEverywhere(member, { "x-organization-id": organization.id });
  const { data } = await member.client.from("customers").select("id");
  assert.deepEqual(data, [], "the Data API shows nothing either");
  assert.deepEqual((await me(member)).memberships.map(({ status }) => status), ["suspended"]);
  assert.equal((await me(member)).organization, null);

  await organization.admin.client.from("memberships").update({ status: "active" })
    .eq("organization_id", organization.id).eq("user_id", member.userId);
  expectStatus(await call(member, "GET", "/customers"), 200);
});

Deno.test("A removed membership ends access with the very next request", async () => {
  const organization = await newOrganization();
  const member = await addMember(organization, "operator");
  expectStatus(await call(member, "GET", "/customers"), 200);
  await organization.admin.client.from("memberships").delete()
    .eq("organization_id", organization.id).eq("user_id", member.userId);
  await refusedEverywhere(member);
  assert.deepEqual((await me(member)).memberships, []);
});

Deno.test("A person of several organizations acts in the default one, or in the one the header names", async () => {
  const [first, second] = [
    await newOrganization({ name: "First" }),
    await newOrganization({ name: "Second" }),
  ];
  const member = await addMember(first, "operator");
  await member.client.rpc("accept_invitation", {
    token: await invite(second, member.email, "viewer"),
  });
  assert.equal((await me(member)).organization?.id, first.id);
  const named = await me(member, { "x-organization-id": second.id });
  assert.deepEqual([named.organization?.id, named.role], [second.id, "viewer"]);
  assert.equal(named.permissions["customers:read"], "organization");
  assert.equal(named.permissions["customers:write"], undefined);

  const customer = { name: "Ama", account_number: "1", phone: "+233244123456" };
  expectStatus(await call(member, "POST", "/customers", customer), 201);
  const elsewhere = { "x-organization-id": second.id };
  expectProblem(
    await call(member, "POST", "/customers", customer, elsewhere),
    403,
    "permission_denied",
  );
  const list = await call(member, "GET", "/customers", undefined, elsewhere);
  assert.deepEqual(
    expectStatus<{ data: unknown[] }>(list, 200).data,
    [],
    "the second one's list is empty",
  );
});

Deno.test("Without a default, a person of several organizations must name one", async () => {
  const organizations = [await newOrganization(), await newOrganization(), await newOrganization()];
  const [first] = organizations;
  assert(first);
  const member = await addMember(first, "viewer");
  for (const other of organizations.slice(1)) {
    await member.client.rpc("accept_invitation", {
      token: await invite(other, member.email, "viewer"),
    });
  }
  await first.admin.client.from("memberships").delete()
    .eq("organization_id", first.id).eq("user_id", member.userId);
  assert.equal((await me(member)).organization, null);
  expectProblem(await call(member, "GET", "/customers"), 400, "organization_required");
  const named = { "x-organization-id": organizations[1]?.id ?? "" };
  expectStatus(await call(member, "GET", "/customers", undefined, named), 200);
});

Deno.test("The header cannot name an organization of others", async () => {
  const [mine, theirs] = [await newOrganization(), await newOrganization()];
  await refusedEverywhere(mine.admin, { "x-organization-id": theirs.id });
  const answer = await call(mine.admin, "GET", "/auth/me", undefined, {
    "x-organization-id": theirs.id,
  });
  expectProblem(answer, 403, "not_a_member");
  const malformed = await call(mine.admin, "GET", "/auth/me", undefined, {
    "x-organization-id": "mine",
  });
  expectProblem(malformed, 400, "organization_malformed");
});

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
  assert.equal((await me(admin)).role, "admin");
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
  const asClerk = { organization_id: id, email: uniqueEmail(), role: "viewer" };
  assert.equal((await clerk.client.rpc("invite_member", asClerk)).error?.hint, "permission_denied");

  const keeper = await addMemberWith(organization, [
    "members:read",
    "members:manage",
    "roles:manage",
  ]);
  const promoted = await keeper.client.from("memberships").update({ role_id: adminRole })
    .eq("organization_id", id).eq("user_id", keeper.userId);
  assert.equal(promoted.error?.hint, "role_exceeds_own");
  const invited = await keeper.client.rpc("invite_member", { ...asClerk, role: "admin" });
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
  const asked = await client.rpc("invite_member", {
    organization_id: theirs.id,
    email: uniqueEmail(),
    role: "viewer",
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
