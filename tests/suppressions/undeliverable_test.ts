import assert from "node:assert/strict";
import { call, expectStatus } from "../support/http.ts";
import { ordinaryNumber, texting } from "../support/texts.ts";
import { newSid, twilioAccount, twilioPost } from "../support/twilio.ts";
import { database } from "../support/db.ts";

interface Undeliverable {
  phone: string;
  is_final: boolean;
  error_code: string;
  message_id: string;
  lifted_at: string | null;
}

Deno.test("a number that its provider calls dead is texted no more, until a person lifts that", async () => {
  const { organization, clerk, twilio } = await texting();
  const dead = ordinaryNumber();
  const send = () =>
    call(clerk, "POST", "/sms/send", { to: dead, message: "Hello", sender_id: twilio });
  const first = expectStatus<{ message_id: string }>(await send(), 202);
  const sid = newSid();
  await database()`
    update public.messages set status = 'sent', provider_message_id = ${sid}, sent_at = now()
    where id = ${first.message_id}`;
  const report = {
    ...twilioAccount,
    MessageSid: sid,
    MessageStatus: "undelivered",
    ErrorCode: "30006",
    From: twilio,
    To: dead,
  };
  expectStatus(await twilioPost("/webhooks/twilio/status", report), 204);

  const listed = expectStatus<{ data: Undeliverable[] }>(
    await call(clerk, "GET", "/suppressions/undeliverable?state=active"),
    200,
  );
  assert.deepEqual(
    listed.data.map(({ phone, is_final, error_code, message_id }) => [
      phone,
      is_final,
      error_code,
      message_id,
    ]),
    [[dead, true, "30006", first.message_id]],
  );
  const checked = expectStatus<{ data: { undeliverable: Undeliverable | null }[] }>(
    await call(clerk, "POST", "/suppressions/check", { numbers: [dead, ordinaryNumber()] }),
    200,
  );
  assert.deepEqual(checked.data.map(({ undeliverable }) => undeliverable?.error_code), [
    "30006",
    undefined,
  ]);
  const refused = expectStatus<{ status: string; error_code: string | null }>(await send(), 202);
  assert.deepEqual([refused.status, refused.error_code], ["suppressed", "undeliverable"]);

  const lift = { phone: dead, reason: "They have a new telephone" };
  expectStatus(await call(clerk, "POST", "/suppressions/undeliverable/lift", lift), 403);
  expectStatus(
    await call(organization.admin, "POST", "/suppressions/undeliverable/lift", lift),
    204,
  );
  const again = expectStatus<{ status: string; error_code: string | null }>(await send(), 202);
  assert.deepEqual([again.status, again.error_code], ["queued", null]);
});
