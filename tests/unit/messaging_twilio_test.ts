import assert from "node:assert/strict";
import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import type { OutboundSms } from "../../supabase/functions/_shared/messaging/provider.ts";
import { createTwilio } from "../../supabase/functions/_shared/messaging/twilio.ts";
import { closedUrl, startReceiver, until, withCarrier } from "../carrier/support.ts";

const { twilioAccountSid: accountSid, twilioAuthToken: authToken } = CARRIER_CREDENTIALS;

function message(to: string, fields: Partial<OutboundSms> = {}): OutboundSms {
  const callbackUrl = "http://127.0.0.1:1/status?token=t";
  return {
    id: crypto.randomUUID(),
    to,
    from: "+15005550006",
    body: "Hello",
    callbackUrl,
    ...fields,
  };
}

const at = (baseUrl: string) => createTwilio({ accountSid, authToken, baseUrl });

Deno.test("Twilio: every special number gets its outcome, and what is unknown was accepted once", () =>
  withCarrier(async ({ url, messages }) => {
    const twilio = at(url);
    const outcome = async (last: string) => await twilio.send(message(`+1415555${last}`));
    assert.deepEqual(await outcome("0001"), {
      kind: "rejected",
      code: "21211",
      message: "The 'To' number …01 is not a valid phone number.",
      optOut: false,
      invalidNumber: true,
    });
    for (const last of ["0003", "0005", "0007", "0060", "0061", "1234"]) {
      assert.partialDeepStrictEqual(await outcome(last), { kind: "accepted", segments: 1 });
    }
    const optOut = { kind: "rejected", code: "21610", optOut: true, invalidNumber: false };
    assert.partialDeepStrictEqual(await outcome("0004"), optOut);
    const busy = { kind: "retry", code: "20429", retryAfterSeconds: 1 };
    assert.partialDeepStrictEqual(await outcome("0029"), busy);
    assert.partialDeepStrictEqual(await outcome("0029"), busy);
    assert.equal((await outcome("0029")).kind, "accepted");
    assert.partialDeepStrictEqual(await outcome("0050"), { kind: "unknown", code: "20500" });
    const cut = { kind: "unknown", code: "connection_lost" };
    assert.partialDeepStrictEqual(await outcome("0051"), cut);
    const accepted = (await messages()).map((one) => one.to.slice(-4));
    const expected = ["0003", "0005", "0007", "0060", "0061", "1234", "0029", "0050", "0051"];
    assert.deepEqual(accepted, expected);
  }));

Deno.test("Twilio: a send that is cut on a kept-alive connection is not repeated by the runtime", () =>
  withCarrier(async ({ url, messages }) => {
    const twilio = at(url);
    for (let i = 0; i < 10; i++) {
      await twilio.send(message("+14155551234"));
      assert.equal((await twilio.send(message("+14155550051"))).kind, "unknown");
    }
    assert.equal((await messages("?to=%2B14155550051")).length, 10);
  }));

Deno.test("Twilio: no answer in time is unknown; no connection is an outage", () =>
  withCarrier(async ({ url, post }) => {
    await post("/latency", { ms: 5000 });
    const slow = createTwilio({ accountSid, authToken, baseUrl: url, timeoutMs: 50 });
    const late = { kind: "unknown", code: "timeout" };
    assert.partialDeepStrictEqual(await slow.send(message("+14155551234")), late);
    const absent = { kind: "outage", code: "connect" };
    assert.partialDeepStrictEqual(await at(await closedUrl()).send(message("+1415")), absent);
  }));

Deno.test("Twilio: refused credentials and bad configuration are outages, 5xx is unknown", () =>
  withCarrier(async ({ url, post }) => {
    const wrong = createTwilio({ accountSid, authToken: "wrong", baseUrl: url });
    const auth = { kind: "outage", code: "20003" };
    assert.partialDeepStrictEqual(await wrong.send(message("+14155551234")), auth);
    const badCallback = message("+14155551234", { callbackUrl: "https://under_score.example/" });
    const config = { kind: "outage", code: "21609" };
    assert.partialDeepStrictEqual(await at(url).send(badCallback), config);
    await post("/outage", { provider: "twilio", mode: "http500" });
    assert.equal((await at(url).send(message("+14155551234"))).kind, "unknown");
  }));

Deno.test("Twilio: a redirect is not followed but reported as an outage", async () => {
  const elsewhere = startReceiver();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response(null, { status: 307, headers: { location: elsewhere.url } }),
  );
  const outcome = await at(`http://127.0.0.1:${server.addr.port}`).send(message("+14155551234"));
  assert.partialDeepStrictEqual(outcome, { kind: "outage", code: "http_307" });
  assert.equal(elsewhere.received.length, 0);
  await server.shutdown();
  await elsewhere.stop();
});

Deno.test("Twilio: a message's state can be asked for, and an unknown one is null", () =>
  withCarrier(async ({ url }) => {
    const twilio = at(url);
    const sent = await twilio.send(message("+14155550003"));
    assert.equal(sent.kind, "accepted");
    const id = sent.kind === "accepted" ? sent.providerMessageId : "";
    const report = await until(() => twilio.status(id), (one) => one?.status === "undelivered");
    const failed = { providerMessageId: id, code: "30003", message: "unreachable handset" };
    assert.partialDeepStrictEqual(report, failed);
    assert.match(report?.at ?? "", /^\d{4}-.*Z$/);
    assert.equal(await twilio.status(`SM${"0".repeat(32)}`), null);
    await assert.rejects(at(await closedUrl()).status(id), /^Error: twilio lookup: connect$/);
  }));

Deno.test("Twilio: callbacks are verified, read, and refused when forged", () =>
  withCarrier(async ({ url }) => {
    const receiver = startReceiver();
    const callbackUrl = `${receiver.url}/status?token=a%20b`;
    const twilio = at(url);
    await twilio.send(message("+14155550005", { callbackUrl }));
    const all = await receiver.until(2);
    const reports = all.map(({ headers, body }) => {
      const request = { method: "POST", url: callbackUrl, headers, rawBody: body };
      assert.equal(twilio.verify(request), true);
      assert.equal(twilio.verify({ ...request, rawBody: `${body}&MessageStatus=canceled` }), false);
      assert.equal(twilio.parseInbound(request), null);
      return twilio.parseDelivery(request);
    });
    assert.deepEqual(reports.map((one) => one?.status).sort(), ["sent", "undelivered"]);
    const failed = reports.find((one) => one?.status === "undelivered");
    assert.partialDeepStrictEqual(failed, { code: "30005", message: "unknown handset" });
    assert.match(failed?.at ?? "", /^20\d\d-\d\d-\d\dT\d\d:\d\d:00\.000Z$/);
    await receiver.stop();
  }));

Deno.test("Twilio: an inbound text is verified and read, with media and opt-out type", () =>
  withCarrier(async (carrier) => {
    const receiver = startReceiver();
    await carrier.post("/inbound-url", { url: `${receiver.url}/inbound` });
    await carrier.post("/reply", { from: "+14155551234", to: "+15005550006", body: " Stop " });
    const [first] = await receiver.until(1);
    const twilio = at(carrier.url);
    const rawBody = first?.body ?? "";
    const headers = first?.headers ?? new Headers();
    const request = { method: "POST", url: `${receiver.url}/inbound`, headers, rawBody };
    assert.equal(twilio.verify(request), true);
    assert.equal(twilio.parseDelivery(request), null);
    const inbound = { from: "+14155551234", to: "+15005550006", body: " Stop ", mediaUrls: [] };
    assert.partialDeepStrictEqual(twilio.parseInbound(request), { ...inbound, optOutType: null });
    const media = rawBody.replace("NumMedia=0", "NumMedia=2&MediaUrl0=https%3A%2F%2Fx%2F1") +
      "&MediaUrl1=https%3A%2F%2Fx%2F2&OptOutType=STOP";
    assert.partialDeepStrictEqual(twilio.parseInbound({ ...request, rawBody: media }), {
      mediaUrls: ["https://x/1", "https://x/2"],
      optOutType: "STOP",
    });
    await receiver.stop();
  }));
