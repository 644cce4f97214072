import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { numberEnding, ordinaryNumber, reaches, send, status, texting } from "../support/texts.ts";
import { handsetSays, newSid, twilioAccount, twilioGet, twilioPost } from "../support/twilio.ts";

/** A text of which the carrier reports nothing by itself. */
async function silentText() {
  const { organization, clerk, twilio } = await texting();
  const queued = await send(clerk, { to: numberEnding("0061"), sender_id: twilio });
  const sent = await reaches(clerk, queued.message_id, "sent");
  return {
    organization,
    clerk,
    twilio,
    id: queued.message_id,
    sid: sent.provider_message_id ?? "",
  };
}

Deno.test("webhooks that are configured as GET are signed by their URL and taken alike", async () => {
  const { clerk, twilio, id, sid } = await silentText();
  const fields = { ...twilioAccount, MessageSid: sid, MessageStatus: "delivered" };
  expectStatus(await twilioGet("/webhooks/twilio/status", fields), 204);
  assert.equal((await status(clerk, id)).status, "delivered");
  const text = {
    ...twilioAccount,
    MessageSid: newSid(),
    From: ordinaryNumber(),
    To: twilio,
    Body: "it's + é & 100%",
  };
  expectStatus(await twilioGet("/webhooks/twilio/inbound", text), 200);
  const list = expectStatus<{ data: { message: string }[] }>(
    await call(clerk, "GET", "/sms/messages?direction=inbound"),
    200,
  );
  assert.deepEqual(list.data.map(({ message }) => message), [text.Body]);
  const forged = `/webhooks/twilio/status?${new URLSearchParams(fields)}`;
  expectProblem(
    await call(null, "GET", forged, undefined, { "x-twilio-signature": "nonsense" }),
    403,
    "signature_invalid",
  );
});

const stored = (organization: { id: string }, direction: string) =>
  withDatabase(async (sql) => {
    const [row] = await sql`select price::float8 as price, price_currency, segments, reported
      from public.messages where organization_id = ${organization.id} and direction = ${direction}`;
    return { ...row };
  });

Deno.test("what a callback says beside the status is kept, fields that nobody knows among it", async () => {
  const { organization, sid } = await silentText();
  const fields = { ...twilioAccount, MessageSid: sid };
  const path = "/webhooks/twilio/status";
  const first = { ...fields, MessageStatus: "sent", NumSegments: "0", ChannelPrefix: "sms" };
  expectStatus(await twilioPost(path, first), 204);
  const last = {
    ...fields,
    MessageStatus: "delivered",
    RawDlrDoneDate: "2611211200",
    Price: "-0.00750",
    PriceUnit: "usd",
    NumSegments: "3",
    BrandNew: "é\u0000😀",
  };
  for (let times = 0; times < 2; times++) expectStatus(await twilioPost(path, last), 204);
  assert.deepEqual(await stored(organization, "outbound"), {
    price: 0.0075,
    price_currency: "USD",
    segments: 3,
    reported: { ChannelPrefix: "sms", BrandNew: "é😀" },
  });
  const odd = { ...last, MessageStatus: "sent", Price: "free", NumSegments: "many" };
  expectStatus(await twilioPost(path, odd), 204);
  assert.equal((await stored(organization, "outbound"))["price"], 0.0075);
});

Deno.test("what an inbound text brings along is kept", async () => {
  const { organization, twilio } = await texting();
  await handsetSays(ordinaryNumber(), twilio, "Hello", { FromCity: "ACCRA", NumSegments: "1" });
  assert.deepEqual((await stored(organization, "inbound"))["reported"], { FromCity: "ACCRA" });
});
