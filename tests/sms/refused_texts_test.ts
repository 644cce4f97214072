import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { digits, ordinaryNumber, texting } from "../support/texts.ts";

Deno.test("a text that its recipient could not read, or its provider would refuse, is refused", async () => {
  const { clerk } = await texting();
  const to = ordinaryNumber();
  const refused: [message: string, code: string][] = [
    ["Dear {{name", "invalid_template"],
    ["Dear name}}", "invalid_template"],
    ["\u200B", "invalid_template"],
    ["😀".repeat(801), "invalid_field"],
    ["x".repeat(1_601), "invalid_field"],
  ];
  for (const [message, code] of refused) {
    const answer = await call(clerk, "POST", "/sms/send", { to, message });
    const problem = expectProblem(answer, 422);
    assert.ok(
      [code, "validation_failed"].includes(problem.code),
      `${message.slice(0, 20)}: ${problem.code}`,
    );
  }
  const longest = await call(clerk, "POST", "/sms/send", { to, message: "😀".repeat(800) });
  assert.equal(expectStatus<{ status: string }>(longest, 202).status, "queued");
});

Deno.test("a number does not text itself", async () => {
  const { organization, clerk } = await texting();
  const own = `+12022${digits(6)}`;
  await withDatabase((sql) =>
    sql`insert into public.sms_accounts (organization_id, provider, sender_id)
      values (${organization.id}, 'twilio', ${own})`
  );
  const message = { to: own, message: "Hello", sender_id: own };
  const answer = expectStatus<{ status: string; error_code: string }>(
    await call(clerk, "POST", "/sms/send", message),
    202,
  );
  assert.deepEqual([answer.status, answer.error_code], ["suppressed", "own_number"]);
});
