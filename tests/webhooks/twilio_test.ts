import assert from "node:assert/strict";
import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { functionUrl } from "../support/stack.ts";
import {
  carrier,
  numberEnding,
  ordinaryNumber,
  reaches,
  send,
  status,
  texting,
} from "../support/texts.ts";
import { signatureOf } from "../support/twilio.ts";
import { until } from "../support/wait.ts";

const formType = { "content-type": "application/x-www-form-urlencoded" };

/** Posts a form to a webhook as Twilio does, well signed unless another signature is given. */
function twilioCall(path: string, form: Record<string, string>, signature?: string) {
  const signed = signature ??
    signatureOf(CARRIER_CREDENTIALS.twilioAuthToken, functionUrl(path), form);
  return call(null, "POST", path, new URLSearchParams(form).toString(), {
    ...formType,
    "x-twilio-signature": signed,
  });
}

const account = { AccountSid: CARRIER_CREDENTIALS.twilioAccountSid };

/** A text to a number for which the carrier sends no callbacks, so that the test sends them. */
async function silentText() {
  const { organization, clerk, twilio } = await texting();
  const queued = await send(clerk, { to: numberEnding("0061"), sender_id: twilio });
  const sent = await reaches(clerk, queued.message_id, "sent");
  assert.ok(sent.provider_message_id);
  return { organization, clerk, twilio, id: queued.message_id, sid: sent.provider_message_id };
}

Deno.test("a status callback that Twilio signs moves the message, and a replay changes nothing", async () => {
  const { clerk, id, sid } = await silentText();
  const form = { ...account, MessageSid: sid, MessageStatus: "delivered" };
  for (let times = 0; times < 3; times++) {
    expectStatus(await twilioCall("/webhooks/twilio/status", form), 204);
  }
  const message = await status(clerk, id);
  assert.equal(message.status, "delivered");
  assert.equal(message.events.filter((event) => event.status === "delivered").length, 1);
});

Deno.test("callbacks in any order leave the message at the furthest status", async () => {
  const { clerk, id, sid } = await silentText();
  for (const reported of ["undelivered", "sent", "queued", "sending"]) {
    const form = {
      ...account,
      MessageSid: sid,
      MessageStatus: reported,
      ...(reported === "undelivered" ? { ErrorCode: "30003" } : {}),
    };
    expectStatus(await twilioCall("/webhooks/twilio/status", form), 204);
  }
  const message = await status(clerk, id);
  assert.deepEqual([message.status, message.error_code], ["undelivered", "30003"]);
});

Deno.test("a callback without Twilio's signature, or with another, changes nothing", async () => {
  const { clerk, id, sid } = await silentText();
  const form = { ...account, MessageSid: sid, MessageStatus: "delivered" };
  const other = signatureOf("another token", functionUrl("/webhooks/twilio/status"), form);
  for (const signature of ["", "nonsense", other]) {
    expectProblem(
      await twilioCall("/webhooks/twilio/status", form, signature),
      403,
      "signature_invalid",
    );
  }
  expectProblem(
    await call(
      null,
      "POST",
      "/webhooks/twilio/status",
      new URLSearchParams(form).toString(),
      formType,
    ),
    403,
    "signature_invalid",
  );
  expectProblem(
    await twilioCall("/webhooks/twilio/status", { ...form, AccountSid: `AC${"0".repeat(32)}` }),
    403,
    "signature_invalid",
  );
  assert.equal((await status(clerk, id)).status, "sent");
});

Deno.test("a callback about a message that nobody knows is taken and forgotten", async () => {
  const form = { ...account, MessageSid: `SM${"1".repeat(32)}`, MessageStatus: "delivered" };
  expectStatus(await twilioCall("/webhooks/twilio/status", form), 204);
});

Deno.test("an Arkesel callback needs the token of its own message", async () => {
  const { clerk } = await texting();
  const queued = await send(clerk, { to: numberEnding("0061") });
  const sent = await reaches(clerk, queued.message_id, "sent");
  const path = (token: string) =>
    `/webhooks/arkesel/delivery?token=${token}&sms_id=${sent.provider_message_id}&status=DELIVERED`;
  for (const token of ["", "nonsense", `${"A".repeat(22)}.${"B".repeat(22)}`]) {
    expectProblem(await call(null, "GET", path(token)), 403, "signature_invalid");
  }
  assert.equal((await status(clerk, queued.message_id)).status, "sent");
});

Deno.test("an early callback settles a message before its outcome is known", async () => {
  const { clerk } = await texting();
  // 0051: accepted, but the connection is cut, so only the callback can tell.
  const queued = await send(clerk, { to: numberEnding("0051") });
  const message = await reaches(clerk, queued.message_id, "delivered");
  assert.ok(message.provider_message_id, "the callback names the provider's id");
  assert.equal(message.attempts, 1);
});

Deno.test("STOP suppresses the number at once, START lifts that, and a replay is not kept twice", async () => {
  const { organization, clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  const say = (body: string, sid: string) =>
    twilioCall("/webhooks/twilio/inbound", {
      ...account,
      MessageSid: sid,
      From: handset,
      To: twilio,
      Body: body,
      NumMedia: "0",
    });
  const stop = `SM${crypto.randomUUID().replaceAll("-", "")}`;
  for (let times = 0; times < 2; times++) {
    const answer = await say(" stop. ", stop);
    assert.equal(expectStatus<string>(answer, 200), "<Response/>");
    assert.match(answer.headers.get("content-type") ?? "", /^text\/xml/);
  }
  assert.equal((await send(clerk, { to: handset })).status, "suppressed");
  const inbox = expectStatus<{ data: { message: string }[] }>(
    await call(clerk, "GET", "/sms/messages?direction=inbound"),
    200,
  );
  assert.deepEqual(inbox.data.map(({ message }) => message), [" stop. "]);
  expectStatus(await say("START", `SM${crypto.randomUUID().replaceAll("-", "")}`), 200);
  assert.equal((await send(clerk, { to: handset })).status, "queued");
  const { data } = await organization.admin.client.from("suppressions").select("source, lifted_at");
  assert.equal(data?.length, 1);
  assert.notEqual(data?.[0]?.lifted_at, null);
});

Deno.test("words that only contain STOP do not opt out", async () => {
  const { clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  for (const body of ["stop by tomorrow?", "non-stop", "please don't stop"]) {
    const MessageSid = `SM${crypto.randomUUID().replaceAll("-", "")}`;
    expectStatus(
      await twilioCall("/webhooks/twilio/inbound", {
        ...account,
        MessageSid,
        From: handset,
        To: twilio,
        Body: body,
      }),
      200,
    );
  }
  assert.equal((await send(clerk, { to: handset })).status, "queued");
});

Deno.test("a handset's reply through the carrier arrives as an inbound text", async () => {
  const { clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  await carrier("/reply", { from: handset, to: twilio, body: "Thank you" });
  await until(async () => {
    const list = expectStatus<{ total: number }>(
      await call(clerk, "GET", "/sms/messages?direction=inbound"),
      200,
    );
    return list.total === 1;
  }, { what: "the reply" });
});

Deno.test("a burst of callbacks from the carrier loses none", async () => {
  const { organization, clerk } = await texting();
  const recipients = Array.from({ length: 100 }, () => ({ to: ordinaryNumber() }));
  expectStatus(await call(clerk, "POST", "/sms/send-bulk", { message: "Burst", recipients }), 202);
  await until(() =>
    withDatabase(async (sql) => {
      const [row] = await sql`select count(*)::int as n from public.messages
        where organization_id = ${organization.id} and status = 'delivered'`;
      return row?.["n"] === new Set(recipients.map(({ to }) => to)).size;
    }), { timeoutMs: 180_000, what: "100 deliveries" });
});
