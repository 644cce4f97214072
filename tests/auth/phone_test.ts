import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization } from "../support/people.ts";
import { stackUnderTest } from "../support/stack.ts";
import { until } from "../support/wait.ts";

const randomPhone = () =>
  `+23324${String(crypto.getRandomValues(new Uint32Array(1))[0]).padStart(10, "0").slice(-6)}1`;

/** The text that the simulated carrier has for this number. */
async function textTo(phone: string): Promise<string> {
  return await until(async () => {
    const response = await fetch(`${stackUnderTest().carrier_url}/messages`);
    const messages: { to: string; body: string }[] = await response.json();
    return messages.find(({ to }) => to === phone)?.body;
  }, { what: "the text with the code" });
}

Deno.test("A member confirms a phone number by the code that is texted, in the sandbox too", async () => {
  const organization = await newOrganization();
  await database()`update public.organizations set standing = 'sandbox' where id = ${organization.id}`;
  const clerk = await addMember(organization, "operator");
  const phone = randomPhone();
  expectStatus(await call(clerk, "POST", "/auth/phone", { phone }), 202);
  const text = await textTo(phone);
  const code = /\b\d{6}\b/.exec(text)?.[0] ?? "";
  assert.match(text, /^Your Signalbox code: \d{6}\./);

  const shown = await call(organization.admin, "GET", "/sms/messages");
  const { data } = expectStatus<{ data: { to: string; message: string }[] }>(shown, 200);
  assert.deepEqual(
    data.map(({ message }) => message),
    ["Your Signalbox code: ######. Valid for 10 minutes."],
    "nobody else reads the code",
  );

  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, "0");
  expectProblem(await call(clerk, "POST", "/auth/phone/confirm", { code: wrong }), 422);
  expectStatus(await call(clerk, "POST", "/auth/phone/confirm", { code }), 200);
  const me = await call(clerk, "GET", "/auth/me");
  const { profile } = expectStatus<{ profile: { phone: string | null } }>(me, 200);
  assert.equal(profile.phone, phone);
  expectProblem(await call(clerk, "POST", "/auth/phone/confirm", { code }), 409, "no_code");
  expectStatus(await call(clerk, "DELETE", "/auth/phone"), 204);
});

Deno.test("A number gets three codes a day, from all accounts together", async () => {
  const phone = randomPhone();
  const people = await Promise.all([1, 2, 3, 4].map(() => newOrganization()));
  const answers = [];
  for (const { admin } of people) answers.push(await call(admin, "POST", "/auth/phone", { phone }));
  assert.deepEqual(answers.map(({ status }) => status), [202, 202, 202, 429]);
});
