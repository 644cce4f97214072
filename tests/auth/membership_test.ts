import assert from "node:assert/strict";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization, type Organization, type Session } from "../support/people.ts";
import { invite } from "../support/registration.ts";

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
