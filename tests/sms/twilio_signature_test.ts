import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import twilio from "twilio";
import {
  twilioSignature,
  verifyTwilioSignature,
} from "../../supabase/functions/_shared/messaging/twilio_signature.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { handsetSays, newSid, twilioAccount, twilioGet, twilioPost } from "../support/twilio.ts";
import { numberEnding, ordinaryNumber, reaches, send, status, texting } from "./support.ts";

/** Chance that can be repeated: a failing case names its seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const ALPHABET = ["a", "Z", "9", " ", "+", "&", "=", "%", "é", "😀", "'", "!", "*", "(", "\n", "~"];

function randomRequest(seed: number) {
  const roll = dice(seed);
  const text = (most: number) =>
    Array.from({ length: roll(most + 1) }, () => ALPHABET[roll(ALPHABET.length)]).join("");
  const scheme = ["https", "http"][roll(2)];
  const user = ["", "", "user:pass@", "us%20er:p@"][roll(4)];
  const port = ["", "", ":443", ":80", ":8443"][roll(5)];
  const query = new URLSearchParams(
    Array.from({ length: roll(4) }, () => [`k${roll(3)}`, text(6)]),
  );
  const params: Record<string, string | string[]> = {};
  for (let n = roll(6); n > 0; n--) {
    const values = Array.from({ length: 1 + roll(3) }, () => text(8));
    params[`P${roll(8)}`] = values.length === 1 ? values[0] ?? "" : values;
  }
  const url = `${scheme}://${user}a.example${port}/hook${query.size > 0 ? `?${query}` : ""}`;
  return { url, params, token: `token${roll(1000)}`, roll };
}

function form(params: Record<string, string | string[]>): string {
  const pairs = Object.entries(params).flatMap(([key, value]) =>
    [value].flat().map((one) => [key, one])
  );
  return new URLSearchParams(pairs).toString();
}

function weAccept(token: string, signature: string, url: string, rawBody: string, json = false) {
  const headers = new Headers({
    "x-twilio-signature": signature,
    "content-type": json ? "application/json" : "application/x-www-form-urlencoded",
  });
  return verifyTwilioSignature(token, { url, headers, rawBody });
}

Deno.test("of two thousand random requests we accept what Twilio's SDK signs and refuse what it refuses", () => {
  let refused = 0;
  for (let seed = 1; seed <= 2000; seed++) {
    const { url, params, token, roll } = randomRequest(seed);
    const signature = twilio.getExpectedTwilioSignature(token, url, params);
    assert.ok(weAccept(token, signature, url, form(params)), `seed ${seed}: ${url}`);
    // The same request as a proxy, or somebody who means ill, may have changed it.
    const changed = { url, params: { ...params } };
    const change = roll(6);
    if (change === 0) changed.url = url.replace(/(a\.example)(:\d+)?/, "$1");
    if (change === 1) changed.url = url.replace(/(a\.example)(:\d+)?/, "$1:443");
    if (change === 2) changed.url = url.replaceAll("+", "%20");
    if (change === 3) changed.url = `${url}${url.includes("?") ? "&" : "?"}x=1`;
    if (change === 4) changed.params["Extra"] = "1";
    if (change === 5) changed.url = url.replace("/hook", "/Hook");
    const expected = twilio.validateRequest(token, signature, changed.url, changed.params);
    if (!expected) refused++;
    assert.equal(
      weAccept(token, signature, changed.url, form(changed.params)),
      expected,
      `seed ${seed}, change ${change}: ${changed.url} for ${url}`,
    );
  }
  assert.ok(refused > 500, `only ${refused} requests were refused: the test tests too little`);
});

Deno.test("JSON bodies: we and Twilio's SDK judge alike", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const { url, token, roll } = randomRequest(seed);
    const body = JSON.stringify({ seed, text: "é😀" });
    const hash = createHash("sha256").update(body).digest("hex");
    const signed = `${url}${url.includes("?") ? "&" : "?"}bodySHA256=${hash}`;
    const signature = twilio.getExpectedTwilioSignature(token, signed, {});
    const received = [body, body.replace("seed", "sead"), ""][roll(3)] ?? "";
    assert.equal(
      weAccept(token, signature, signed, received, true),
      twilio.validateRequestWithBody(token, signature, signed, received),
      `seed ${seed}: ${signed}`,
    );
    assert.ok(!weAccept(token, twilioSignature(token, url, {}), url, body, true), "without a hash");
  }
});

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

Deno.test("a burst of 1,000 callbacks, out of order and some twice, loses none", async () => {
  const { organization, clerk, twilio } = await texting();
  const texts = await withDatabase((sql) =>
    sql`insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding,
        segments, status, provider, provider_message_id, sent_at)
      select a.organization_id, a.id, '+23324400' || lpad(n::text, 4, '0'), a.sender_id, 'Burst', 'GSM-7', 1,
        'sent', 'twilio', 'SM' || replace(gen_random_uuid()::text, '-', ''), now()
      from public.sms_accounts a, generate_series(1, 450) n
      where a.organization_id = ${organization.id} and a.sender_id = ${twilio}
      returning provider_message_id as sid`
  );
  const reports = texts.flatMap(({ sid }, n) => [
    { MessageSid: String(sid), MessageStatus: n % 9 === 0 ? "undelivered" : "delivered" },
    { MessageSid: String(sid), MessageStatus: "sent" },
  ]);
  const burst = [...reports, ...reports.slice(0, 100)]
    .map((report) => ({ report, place: Math.random() }))
    .sort((a, b) => a.place - b.place);
  assert.equal(burst.length, 1000);
  const waiting = burst[Symbol.iterator]();
  const worker = async () => {
    for (const { report } of waiting) {
      const form = { ...twilioAccount, ...report };
      expectStatus(await twilioPost("/webhooks/twilio/status", form), 204);
    }
  };
  await Promise.all(Array.from({ length: 50 }, worker));
  const outcome = await withDatabase((sql) =>
    sql`select m.status, count(*)::int as messages, sum((select count(*) from public.message_events e
        where e.message_id = m.id and e.source = 'callback'))::int as events
      from public.messages m where m.organization_id = ${organization.id} group by 1 order by 1`
  );
  assert.deepEqual(outcome.map((row) => ({ ...row })), [
    { status: "delivered", messages: 400, events: 800 },
    { status: "undelivered", messages: 50, events: 100 },
  ]);
  const shown = await call(clerk, "GET", "/sms/messages?status=undelivered&limit=1");
  assert.equal(expectStatus<{ total: number }>(shown, 200).total, 50);
});
