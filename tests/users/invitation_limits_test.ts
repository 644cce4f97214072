import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  addMember,
  newOrganization,
  testPassword,
  uniqueAddress,
  uniqueEmail,
} from "../support/people.ts";
import { invite } from "../support/registration.ts";

Deno.test("An address is mailed three invitations a day, by all organizations together and by both doors", async () => {
  const email = uniqueEmail("target");
  const [one, two] = [await newOrganization(), await newOrganization()];
  const body = { email, role: "viewer" };
  for (let n = 0; n < 2; n++) expectStatus(await call(one.admin, "POST", "/users", body), 201);
  expectStatus(await call(two.admin, "POST", "/users", body), 201);
  const refused = await call(two.admin, "POST", "/users", body);
  expectProblem(refused, 429, "rate_limited");
  assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  assert.match(refused.headers.get("ratelimit-policy") ?? "", /^"invite_recipient";q=3;w=86400$/);
  const direct = await one.admin.client.rpc("invite_user", {
    organization_id: one.id,
    invitee: body,
  });
  assert.deepEqual([direct.status, direct.error?.hint], [429, "rate_limited"]);
  const mails = await database()`select id from public.emails where to_address = ${email}`;
  assert.equal(mails.length, 3);
});

Deno.test("Members and roles exceed nobody's rights over the Data API either", async () => {
  const organization = await newOrganization();
  const { id, admin } = organization;
  const [north, south] = await database()<{ id: string }[]>`
    insert into public.teams (organization_id, name) values (${id}, 'North'), (${id}, 'South') returning id`;
  const [role] = await database()<{ id: string }[]>`
    with role as (
      insert into public.roles (organization_id, key, name) values (${id}, 'lead_of_team', 'Lead') returning id
    ), permissions as (
      insert into public.role_permissions (role_id, permission, scope)
      select role.id, p.permission, p.scope from role, (values ('members:manage', 'organization'),
        ('members:read', 'organization'), ('roles:manage', 'organization'), ('leads:read', 'team')) as p (permission, scope)
    )
    select id from role`;
  const lead = await addMember(organization, "viewer");
  await database()`
    update public.memberships set role_id = ${role?.id ?? ""}, team_id = ${north?.id ?? ""}
    where user_id = ${lead.userId}`;
  const moved = await lead.client.from("memberships").update({ team_id: south?.id ?? "" })
    .eq("user_id", lead.userId).select();
  assert.equal(moved.error?.hint, "role_exceeds_own");
  const change = { team_id: south?.id ?? "" };
  expectProblem(
    await call(lead, "PATCH", `/users/${lead.userId}`, change),
    403,
    "role_exceeds_own",
  );
  const other = await admin.client.from("roles").insert({
    organization_id: id,
    key: "auditor",
    name: "Auditor",
  })
    .select("id").single();
  await admin.client.from("role_permissions").insert({
    role_id: other.data?.id ?? "",
    permission: "audit:read",
  });
  const taken = await lead.client.from("role_permissions").delete().eq(
    "role_id",
    other.data?.id ?? "",
  ).select();
  assert.equal(taken.error?.hint, "role_exceeds_own");
  const narrowed = await lead.client.from("role_permissions").update({ scope: "own" })
    .eq("role_id", other.data?.id ?? "").select();
  assert.equal(narrowed.error?.hint, "role_exceeds_own");
  const deleted = await lead.client.from("roles").delete().eq("id", other.data?.id ?? "").select();
  assert.equal(deleted.error?.hint, "role_exceeds_own");
});

Deno.test("An invitation ends when its inviter is removed, suspended or demoted", async () => {
  for (const end of ["remove", "suspend", "demote"]) {
    const organization = await newOrganization();
    const inviter = await addMember(organization, "admin");
    const email = uniqueEmail("accomplice");
    const token = await invite({ ...organization, admin: inviter }, email, "viewer");
    const path = `/users/${inviter.userId}`;
    expectStatus(
      end === "remove" ? await call(organization.admin, "DELETE", path) : await call(
        organization.admin,
        "PATCH",
        path,
        end === "suspend" ? { status: "suspended" } : { role: "viewer" },
      ),
      end === "remove" ? 204 : 200,
    );
    const input = { email, password: testPassword, full_name: "A", invitation_token: token };
    const answer = await call(null, "POST", "/auth/register", input, uniqueAddress());
    expectProblem(answer, 422, "invitation_invalid");
    const left = await call(organization.admin, "GET", "/users/invitations");
    assert.equal(expectStatus<{ total: number }>(left, 200).total, 0, end);
  }
});
