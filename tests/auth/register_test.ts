import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  addMember,
  newOrganization,
  testPassword,
  uniqueAddress,
  uniqueEmail,
} from "../support/people.ts";
import { invite, register, type RegistrationBody } from "../support/registration.ts";

const accountsOf = (email: string) =>
  withDatabase((sql) => sql`select u.id from auth.users u where u.email = ${email}`).then((rows) =>
    rows.length
  );

const post = (body: Record<string, unknown>) =>
  call(null, "POST", "/auth/register", body, uniqueAddress());

const person = (email = uniqueEmail()) => ({
  email,
  password: testPassword,
  full_name: "Ama Mensah",
});

Deno.test("POST /auth/register makes the account, the organization and its first admin", async () => {
  const email = uniqueEmail("Founder");
  const settings = { country: "eg", time_zone: "Africa/Cairo", currency: "egp" };
  const answer = await post({ ...person(email), organization_name: " Nile Utility ", ...settings });
  const body = expectStatus<RegistrationBody>(answer, 201);
  assert.equal(body.user.email, email.toLowerCase());
  assert.equal(body.user.full_name, "Ama Mensah");
  assert.equal(body.confirmation_required, false);
  assert(body.expires_at > Date.now() / 1000, "expires_at is a moment in the future, in seconds");

  const [row] = await withDatabase((sql) =>
    sql`
      select o.name, o.country, o.time_zone, o.currency, r.key as role, m.status, m.is_default, p.full_name
      from public.organizations o join public.memberships m on m.organization_id = o.id
      join public.roles r on r.id = m.role_id join public.profiles p on p.id = m.user_id
      where o.id = ${body.organization_id} and m.user_id = ${body.user.id}`
  );
  assert.deepEqual({ ...row }, {
    name: "Nile Utility",
    country: "EG",
    time_zone: "Africa/Cairo",
    currency: "EGP",
    role: "admin",
    status: "active",
    is_default: true,
    full_name: "Ama Mensah",
  });
});

Deno.test("POST /auth/register names every faulty field and makes nothing", async () => {
  const email = uniqueEmail();
  const faulty = {
    organization_name: " ",
    password: "short",
    full_name: "",
    country: "UK",
    time_zone: "Mars/Olympus",
    currency: "QQQ",
  };
  const problem = expectProblem(await post({ email, ...faulty }), 422, "invalid_field");
  const paths = new Set(problem.errors?.map((error) => error.path));
  for (const field of Object.keys(faulty)) {
    assert(paths.has(field), `${field} is named: ${[...paths]}`);
  }
  expectProblem(await post({ ...person("no address"), organization_name: "X" }), 422);
  expectProblem(await post({ ...person(email), organization_name: "X", country: "XX" }), 422);
  expectProblem(await post({ ...person(email), organization_name: "X", time_zone: "+02:00" }), 422);
  expectProblem(
    await post({ ...person(email), password: "ä".repeat(40), organization_name: "X" }),
    422,
  );
  expectProblem(await post({ ...person(email), organization_name: "X\u0000" }), 422);
  assert.equal(await accountsOf(email), 0);
});

Deno.test("POST /auth/register wants either an organization or an invitation", async () => {
  expectProblem(await post(person()), 422);
  expectProblem(await post({ ...person(), organization_name: "X", invitation_token: "y" }), 422);
});

Deno.test("POST /auth/register with a taken address and a wrong password answers 409", async () => {
  const known = await register({ organization_name: "First" });
  const taken = {
    ...person(known.email),
    password: "another password",
    organization_name: "Second",
  };
  expectProblem(await post(taken), 409, "email_taken");
  const upper = { ...taken, email: known.email.toUpperCase() };
  expectProblem(await post(upper), 409, "email_taken");
});

Deno.test("POST /auth/register with an account's own password founds a second organization, once", async () => {
  const known = await register({ organization_name: "First" });
  const second = { ...person(known.email), organization_name: "Second", currency: "EGP" };
  const body = expectStatus<RegistrationBody>(await post(second), 201);
  assert.notEqual(body.organization_id, known.organizationId);
  assert.equal(body.user.id, known.userId);
  const repeats = await Promise.all([post(second), post(second)]);
  for (const repeat of repeats) {
    assert.equal(expectStatus<RegistrationBody>(repeat, 201).organization_id, body.organization_id);
  }
  const rows = await withDatabase((sql) =>
    sql`
      select o.currency, m.is_default from public.memberships m join public.organizations o on o.id = m.organization_id
      where m.user_id = ${known.userId} order by m.created_at`
  );
  assert.deepEqual(rows.map((row) => ({ ...row })), [
    { currency: "GHS", is_default: true },
    { currency: "EGP", is_default: false },
  ]);
});

Deno.test("POST /auth/register with an invitation joins with the invited role", async () => {
  const organization = await newOrganization();
  const member = await addMember(organization, "viewer");
  assert.equal(member.organizationId, organization.id);
  const { data } = await member.client.rpc("actor");
  assert.equal((data as { role: string }).role, "viewer");
  const founded = await withDatabase((sql) =>
    sql`select from public.memberships where user_id = ${member.userId} and organization_id <> ${organization.id}`
  );
  assert.equal(founded.length, 0, "no organization of its own was made");
});

Deno.test("POST /auth/register refuses an invitation that does not hold and makes no account", async () => {
  const organization = await newOrganization();
  const used = await addMember(organization, "viewer");
  const [invited, stranger, late] = [uniqueEmail(), uniqueEmail(), uniqueEmail()];
  const token = await invite(organization, invited, "viewer");
  const expired = await invite(organization, late, "viewer");
  await withDatabase((sql) =>
    sql`update public.invitations set expires_at = now() - interval '1 second' where email = ${late}`
  );
  const withdrawn = await invite(organization, uniqueEmail("w"), "viewer");
  await organization.admin.client.from("invitations").delete().eq(
    "organization_id",
    organization.id,
  )
    .like("email", "w-%");
  const refused: [string, string][] = [
    [stranger, token],
    [late, expired],
    [stranger, withdrawn],
    [stranger, "no_such_token"],
  ];
  for (const [email, invitation_token] of refused) {
    expectProblem(await post({ ...person(email), invitation_token }), 422, "invitation_invalid");
    assert.equal(await accountsOf(email), 0, "no account was made");
  }
  const again = { ...person(used.email), invitation_token: token };
  expectProblem(await post(again), 422, "invitation_invalid");
});

Deno.test("POST /auth/register lets an account join with an invitation and its password only", async () => {
  const organization = await newOrganization();
  const other = await register({ organization_name: "Elsewhere" });
  const invitation_token = await invite(organization, other.email, "operator");
  const wrong = { ...person(other.email), password: "another password", invitation_token };
  const refused = expectProblem(await post(wrong), 401, "invalid_credentials");
  const login = await call(null, "POST", "/auth/login", {
    email: other.email,
    password: "another password",
  });
  const { request_id: _one, ...asRegister } = refused;
  const { request_id: _two, ...asLogin } = expectProblem(login, 401);
  assert.deepEqual(asRegister, asLogin, "the answers are alike");

  const joined = expectStatus<RegistrationBody>(
    await post({ ...person(other.email), invitation_token }),
    201,
  );
  assert.equal(joined.organization_id, organization.id);
  assert.equal(joined.user.id, other.userId);
  const again = await post({ ...person(other.email), invitation_token });
  expectProblem(again, 422, "invitation_invalid");
});

Deno.test("Two people who use one invitation at once: one joins, the other gets no account", async () => {
  const organization = await newOrganization();
  const email = uniqueEmail();
  const invitation_token = await invite(organization, email, "viewer");
  const answers = await Promise.all(
    [1, 2, 3].map(() => post({ ...person(email), invitation_token })),
  );
  const joined = answers.filter((answer) => answer.status === 201);
  assert.equal(joined.length, 1, JSON.stringify(answers.map((answer) => answer.body)));
  const members = await withDatabase((sql) =>
    sql`select from public.memberships where organization_id = ${organization.id}`
  );
  assert.equal(members.length, 2);
});
