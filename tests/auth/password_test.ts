import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { mailsTo } from "../support/mail.ts";
import { newOrganization, uniqueAddress, uniqueEmail } from "../support/people.ts";
import { until } from "../support/wait.ts";

const forgot = (email: string) =>
  call(null, "POST", "/auth/password/forgot", { email }, uniqueAddress());

const reset = (token_hash: string, password: string) =>
  call(null, "POST", "/auth/password/reset", { token_hash, password }, uniqueAddress());

const login = (email: string, password: string) =>
  call(null, "POST", "/auth/login", { email, password }, uniqueAddress());

const tokenIn = (mail: { text: string } | undefined) =>
  /[?&]token(?:_hash)?=(\w+)/.exec(mail?.text ?? "")?.[1];

Deno.test("A forgotten password is replaced with the token of the mail, once, and every session ends", async () => {
  const { admin } = await newOrganization();
  expectStatus(await forgot(admin.email), 202);
  const token = await until(async () => tokenIn((await mailsTo(admin.email))[0]), {
    what: "the mail",
  });

  expectProblem(await reset(token, "short"), 422, "invalid_field");
  assert.equal(expectStatus(await reset(token, "a new password"), 204), null);
  expectProblem(await login(admin.email, admin.password), 401, "invalid_credentials");
  expectStatus(await login(admin.email, "a new password"), 200);
  const old = await call(null, "POST", "/auth/refresh", { refresh_token: admin.refreshToken });
  expectProblem(old, 401, "invalid_refresh_token");
  expectProblem(await reset(token, "a third password"), 401, "invalid_reset_token");
  const sessions = await withDatabase((sql) =>
    sql`select from auth.sessions where user_id = ${admin.userId}`
  );
  assert.equal(sessions.length, 1, "only the new sign-in is left");
});

Deno.test("POST /auth/password/forgot answers an unknown address like a known one and writes to nobody", async () => {
  const { admin } = await newOrganization();
  const unknown = uniqueEmail();
  assert.deepEqual(expectStatus(await forgot(unknown), 202), { status: "accepted" });
  assert.deepEqual(expectStatus(await forgot(admin.email), 202), { status: "accepted" });
  await until(async () => (await mailsTo(admin.email)).length > 0, {
    what: "the mail to the known address",
  });
  assert.deepEqual(await mailsTo(unknown), []);
  expectProblem(await forgot("no address"), 422, "invalid_field");
});

Deno.test("POST /auth/password/reset refuses a token that does not hold", async () => {
  expectProblem(await reset("0".repeat(56), "a new password"), 401, "invalid_reset_token");
  expectProblem(await reset("", "a new password"), 422, "invalid_field");
});

Deno.test("An address has ten attempts a minute to guess a reset token", async () => {
  const headers = uniqueAddress();
  const started = Date.now();
  const answers = await Promise.all(Array.from({ length: 30 }, () => {
    const body = {
      token_hash: crypto.randomUUID().replaceAll("-", ""),
      password: "a new password",
    };
    return call(null, "POST", "/auth/password/reset", body, headers);
  }));
  const refused = answers.filter((answer) => answer.status === 429);
  // Ten, and another one every six seconds that this takes.
  const most = 10 + Math.ceil((Date.now() - started) / 6_000);
  assert(refused.length >= 30 - most, `of 30 attempts ${refused.length} were refused`);
  assert(refused.length > 0, "and some are");
});
