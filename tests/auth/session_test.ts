import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { clientFor, newOrganization, uniqueAddress, uniqueEmail } from "../support/people.ts";
import { register, type RegistrationBody } from "../support/registration.ts";
import { functionUrl, stackUnderTest } from "../support/stack.ts";

type SessionBody = Omit<RegistrationBody, "organization_id" | "confirmation_required">;

const login = (email: string, password: string, headers = uniqueAddress()) =>
  call(null, "POST", "/auth/login", { email, password }, headers);

const refresh = (refresh_token: string) => call(null, "POST", "/auth/refresh", { refresh_token });

Deno.test("POST /auth/login gives a session that the API and supabase-js accept", async () => {
  const { admin } = await newOrganization();
  const body = expectStatus<SessionBody>(
    await login(` ${admin.email.toUpperCase()} `, admin.password),
    200,
  );
  assert.deepEqual(body.user, { id: admin.userId, email: admin.email, full_name: "Test Person" });
  assert.deepEqual(Object.keys(body).sort(), [
    "access_token",
    "expires_at",
    "refresh_token",
    "user",
  ]);
  expectStatus(await call({ accessToken: body.access_token }, "GET", "/customers"), 200);
  const { data } = await clientFor(body.access_token).from("organizations").select("id");
  assert.deepEqual(data, [{ id: admin.organizationId }]);
});

Deno.test("POST /auth/login answers a wrong password, an unknown address and a banned account alike", async () => {
  const { admin } = await newOrganization();
  const banned = await register({ organization_name: "Banned" });
  await withDatabase((sql) =>
    sql`update auth.users set banned_until = now() + interval '1 day' where id = ${banned.userId}`
  );
  const attempts = [
    () => login(admin.email, "wrong password"),
    () => login(uniqueEmail(), "wrong password"),
    () => login(banned.email, banned.password),
  ];
  const seen: { body: unknown; ms: number }[] = [];
  for (const attempt of attempts) {
    const started = performance.now();
    const { request_id: _, ...body } = expectProblem(await attempt(), 401, "invalid_credentials");
    seen.push({ body, ms: performance.now() - started });
  }
  assert.deepEqual(seen[0]?.body, seen[1]?.body);
  assert.deepEqual(seen[0]?.body, seen[2]?.body);
  assert(seen.every(({ ms }) => ms >= 395), `no answer tells by its time: ${JSON.stringify(seen)}`);
});

Deno.test("POST /auth/login and refresh refuse bodies that are none", async () => {
  expectProblem(await login("no address", "x"), 422, "invalid_field");
  expectProblem(await login(uniqueEmail(), ""), 422, "invalid_field");
  const headers = { "content-type": "application/json" };
  expectProblem(await call(null, "POST", "/auth/login", "{", headers), 400);
  expectProblem(await call(null, "POST", "/auth/refresh", "[]", headers), 422);
});

Deno.test("POST /auth/refresh exchanges a refresh token, also while the expired access token is sent along", async () => {
  const { admin } = await newOrganization();
  const expired = { accessToken: `${admin.accessToken.slice(0, -4)}AAAA` };
  const answer = await call(expired, "POST", "/auth/refresh", {
    refresh_token: admin.refreshToken,
  });
  const body = expectStatus<SessionBody>(answer, 200);
  assert.equal(body.user.id, admin.userId);
  expectStatus(await call({ accessToken: body.access_token }, "GET", "/auth/me"), 200);
  expectProblem(await refresh("no such token"), 401, "invalid_refresh_token");
});

Deno.test("POST /auth/logout ends this session and no other", async () => {
  const { admin } = await newOrganization();
  const other = expectStatus<SessionBody>(await login(admin.email, admin.password), 200);
  const answer = await call(admin, "POST", "/auth/logout");
  assert.equal(expectStatus(answer, 204), null);
  expectProblem(await refresh(admin.refreshToken), 401, "invalid_refresh_token");
  expectStatus(await refresh(other.refresh_token), 200);
  const sessions = await withDatabase((sql) =>
    sql`select from auth.sessions where user_id = ${admin.userId}`
  );
  assert.equal(sessions.length, 1, "one session is left in the database");
  expectProblem(await call(null, "POST", "/auth/logout"), 401, "not_signed_in");
});

Deno.test("GET /auth/me needs one round trip and works without any organization", async () => {
  const client = clientFor();
  const { data } = await client.auth.signUp({
    email: uniqueEmail(),
    password: "correct horse battery",
  });
  const loner = { accessToken: data.session?.access_token ?? "" };
  const answer = await call(loner, "GET", "/auth/me");
  const body = expectStatus<Record<string, unknown>>(answer, 200);
  assert.deepEqual(
    { memberships: body["memberships"], organization: body["organization"], role: body["role"] },
    { memberships: [], organization: null, role: null },
  );
  assert.deepEqual(body["permissions"], {});
  assert.match(answer.headers.get("server-timing") ?? "", /desc="1 calls"/);
  expectProblem(await call(loner, "GET", "/customers"), 403, "not_a_member");
});

Deno.test("An address that tried too often gets 429 on every public endpoint and spends no account's attempts", async () => {
  const headers = uniqueAddress();
  const address = headers["cf-connecting-ip"] ?? "";
  await withDatabase((sql) =>
    // The bucket refills as time goes by; it cannot while this test runs.
    sql`insert into private.rate_buckets (kind, subject, tokens)
      values ('auth_address', private.address_block(${address}), -30000)`
  );
  const email = uniqueEmail();
  const requests: [string, unknown][] = [
    ["/auth/login", { email, password: "x" }],
    ["/auth/register", { email, password: "long enough", full_name: "A", organization_name: "B" }],
    ["/auth/password/forgot", { email }],
    ["/auth/password/reset", { token_hash: "x", password: "long enough" }],
  ];
  for (const [path, body] of requests) {
    const answer = await call(null, "POST", path, body, headers);
    expectProblem(answer, 429, "rate_limited");
    assert.match(answer.headers.get("ratelimit-policy") ?? "", /^"auth_address"/);
  }
  const attempt = await login(email, "x");
  assert.match(
    attempt.headers.get("ratelimit") ?? "",
    /^"sign_in_place";r=9;/,
    "the account's first attempt is this one",
  );
});

Deno.test("A browser may call sign-in from an allowed origin", async () => {
  const response = await fetch(functionUrl("/auth/login"), {
    method: "OPTIONS",
    headers: {
      origin: "https://app.signalbox.test",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,apikey,content-type,x-organization-id",
    },
  });
  await response.body?.cancel();
  assert.equal(response.status, 204);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.match(response.headers.get("access-control-allow-headers") ?? "", /x-organization-id/);
});

Deno.test("supabase-js signs in by itself and calls functions with functions.invoke", async () => {
  const { admin } = await newOrganization();
  const client = clientFor();
  const signedIn = await client.auth.signInWithPassword({
    email: admin.email,
    password: admin.password,
  });
  assert.equal(signedIn.error, null);
  const me = await client.functions.invoke("auth/me", { method: "GET" });
  assert.equal(me.error, null);
  assert.equal(me.data.organization.id, admin.organizationId);
  const before = await clientFor().functions.invoke("auth/login", {
    body: { email: admin.email, password: admin.password },
  });
  assert.equal(
    before.error,
    null,
    `an unsigned client can log in through the function of ${stackUnderTest().api_url}`,
  );
  await client.auth.signOut({ scope: "local" });
});
