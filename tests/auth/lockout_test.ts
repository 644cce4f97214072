import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { newOrganization, testPassword, uniqueAddress } from "../support/people.ts";

const ipv4 = () => `198.18.${crypto.getRandomValues(new Uint8Array(2)).join(".")}`;

const signIn = (email: string, password: string, place: Record<string, string>) =>
  call(null, "POST", "/auth/login", { email, password }, place);

Deno.test("Somebody who guesses passwords keeps nobody out: not at a known place, not at a new one", async () => {
  const { admin } = await newOrganization();
  const [home, elsewhere, attacker] = [uniqueAddress(), uniqueAddress(), uniqueAddress()];
  expectStatus(await signIn(admin.email, testPassword, home), 200);
  const guesses = [];
  for (let n = 0; n < 11; n++) guesses.push(await signIn(admin.email, `guess ${n}`, attacker));
  assert.deepEqual(guesses.map(({ status }) => status), [...Array(10).fill(401), 429]);
  expectProblem(await signIn(admin.email, testPassword, attacker), 429, "rate_limited");
  expectStatus(await signIn(admin.email, testPassword, home), 200);
  expectStatus(await signIn(admin.email, testPassword, elsewhere), 200);
});

Deno.test("Guessing from many addresses is bounded, and still the owner signs in where they have before", async () => {
  const { admin } = await newOrganization();
  const home = uniqueAddress();
  expectStatus(await signIn(admin.email, testPassword, home), 200);
  // As after a hundred failures from a hundred addresses.
  await database()`
    insert into private.rate_buckets as b (kind, subject, tokens)
    values ('sign_in_account', private.token_hash(${admin.email}), -100)
    on conflict (kind, subject) do update set tokens = excluded.tokens, updated_at = clock_timestamp()`;
  const refused = await signIn(admin.email, testPassword, uniqueAddress());
  expectProblem(refused, 429, "rate_limited");
  assert.match(refused.headers.get("ratelimit") ?? "", /^"sign_in_account";r=0;/);
  expectStatus(await signIn(admin.email, testPassword, home), 200);
});

Deno.test("One password cannot be tried at any number of accounts from one address", async () => {
  const address = ipv4();
  const attacker = { "cf-connecting-ip": address };
  await database()`
    insert into private.rate_buckets (kind, subject, tokens) values ('sign_in_address', ${address}, 2)`;
  const people = await Promise.all([1, 2, 3].map(() => newOrganization()));
  const answers = [];
  for (const { admin } of people) answers.push(await signIn(admin.email, "Spring2026!", attacker));
  assert.deepEqual(answers.map(({ status }) => status), [401, 401, 429]);
});

Deno.test("What a client writes into forwarding headers gives it no further attempts", async () => {
  const { admin } = await newOrganization();
  const place = uniqueAddress();
  const answers = [];
  for (let n = 0; n < 11; n++) {
    const forged = { "x-forwarded-for": `198.51.100.${n}`, "x-real-ip": `198.51.100.${n}` };
    answers.push(await signIn(admin.email, "wrong", { ...place, ...forged }));
  }
  assert.equal(answers.at(-1)?.status, 429);
});

Deno.test("A network of IPv6 counts as one address", async () => {
  const { admin } = await newOrganization();
  const prefix = (uniqueAddress()["cf-connecting-ip"] ?? "").split(":").slice(0, 4).join(":");
  const answers = [];
  for (let n = 0; n < 11; n++) {
    answers.push(
      await signIn(admin.email, "wrong", { "cf-connecting-ip": `${prefix}:0:0:0:${n}` }),
    );
  }
  assert.equal(answers.at(-1)?.status, 429);
});

Deno.test("Sign-ins that succeed are not limited", async () => {
  const { admin } = await newOrganization();
  const home = uniqueAddress();
  for (let n = 0; n < 12; n++) expectStatus(await signIn(admin.email, testPassword, home), 200);
});

Deno.test("Sign-ins, failed ones too, and new passwords are in the audit log", async () => {
  const { admin } = await newOrganization();
  const address = ipv4();
  const place = { "cf-connecting-ip": address };
  await signIn(admin.email, "wrong", place);
  expectStatus(await signIn(admin.email, testPassword, place), 200);
  await database()`update auth.users set encrypted_password = 'x' where id = ${admin.userId}`;
  const answer = await call(admin, "GET", "/audit-logs?limit=200");
  const { logs } = expectStatus<{ logs: Record<string, unknown>[] }>(answer, 200);
  const entries = logs.filter(({ action }) => !/insert|update|delete/.test(String(action)))
    .map(({ action, via, user_id }) => ({ action, via, user_id }));
  assert.deepEqual(entries[0], { action: "password_changed", via: "auth", user_id: null });
  assert.deepEqual(entries[1], { action: "sign_in", via: "auth", user_id: admin.userId });
  assert.deepEqual(entries[2], { action: "sign_in_failed", via: "function", user_id: null });
  const failed = logs.find(({ action }) => action === "sign_in_failed");
  assert.equal(failed?.["ip"], address);
});
