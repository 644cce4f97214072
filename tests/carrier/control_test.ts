import assert from "node:assert/strict";
import twilio from "twilio";
import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import { startCarrier } from "../../local/carrier/main.ts";
import { startReceiver, until, withCarrier } from "./support.ts";

const text = { From: "+15005550006", Body: "Hello" };

Deno.test("messages are listed in order of acceptance, by recipient, by sender and up to a limit", () =>
  withCarrier(async (carrier) => {
    const numbers = Array.from({ length: 120 }, (_, i) => `+1415555${2000 + i}`);
    for (const To of numbers) await carrier.twilio({ ...text, To });
    await carrier.arkesel("/sms/send", { sender: "X", message: "y", recipients: ["233544919953"] });
    const all = await carrier.messages();
    assert.deepEqual(all.map((one) => one.to), [...numbers, "+233544919953"]);
    assert.partialDeepStrictEqual(all[120], { provider: "arkesel", from: "X", body: "y" });
    assert.match(all[0]?.accepted_at ?? "", /^\d{4}-.*Z$/);
    assert.equal((await carrier.messages("?limit=3")).length, 3);
    // A plus sign that nobody encoded arrives as a space.
    assert.equal((await carrier.messages("?to=+233544919953")).length, 1);
    assert.equal((await carrier.messages("?from=X")).length, 1);
    await carrier.call("/messages", { method: "DELETE" });
    assert.deepEqual(await carrier.messages(), []);
  }, { latencyMs: 0 }));

Deno.test("a handset's reply arrives as a signed inbound webhook and is logged", () =>
  withCarrier(async (carrier) => {
    const receiver = startReceiver((count) => count === 1 ? 503 : 200);
    const reply = { from: "+14155551234", to: "+15005550006", body: "STOP é" };
    assert.equal((await carrier.post("/reply", reply)).status, 409);
    const inboundUrl = `${receiver.url}/inbound?x=1`;
    await carrier.post("/inbound-url", { url: inboundUrl });
    const { status, json } = await carrier.post("/reply", reply);
    assert.equal(status, 202);
    const [first] = await receiver.until(2);
    assert.equal(first?.params["Body"], reply.body);
    assert.equal(first?.params["MessageSid"], json.id);
    const signature = first?.headers.get("x-twilio-signature") ?? "";
    const { twilioAuthToken } = CARRIER_CREDENTIALS;
    assert.ok(twilio.validateRequest(twilioAuthToken, signature, inboundUrl, first?.params ?? {}));
    const log = await until(
      () => carrier.call<{ body: string; answer: number }[]>("/replies"),
      ({ json }) => json[0]?.answer === 200,
    );
    assert.equal(log.json[0]?.body, reply.body);
    await receiver.stop();
  }));

Deno.test("paused callbacks wait until they are resumed", () =>
  withCarrier(async (carrier) => {
    const receiver = startReceiver();
    await carrier.post("/callbacks/pause");
    const { json } = await carrier.twilio({
      ...text,
      To: "+14155551234",
      StatusCallback: receiver.url,
    });
    await until(
      () => carrier.twilio(undefined, `/${json.sid}`),
      (answer) => answer.json.status === "delivered",
    );
    assert.deepEqual(await carrier.callbacks(), { owed: 2, paused: true });
    assert.equal(receiver.received.length, 0);
    await carrier.post("/callbacks/resume");
    await receiver.until(2);
    await receiver.stop();
  }));

Deno.test("a callback that meets a 5xx is tried again until it gets through", () =>
  withCarrier(async (carrier) => {
    const receiver = startReceiver((count) => count <= 3 ? 500 : 200);
    const form = { ...text, To: "+14155551234", StatusCallback: receiver.url };
    await carrier.twilio(form);
    await until(() => carrier.callbacks(), ({ owed }) => owed === 0);
    assert.equal(receiver.received.length, 5);
    await receiver.stop();
  }));

Deno.test("a provider's outage refuses everything and accepts nothing; the other works on", () =>
  withCarrier(async (carrier) => {
    const sendTwilio = () => carrier.twilio({ ...text, To: "+14155551234" });
    const body = { sender: "X", message: "y", recipients: ["233544919953"] };
    const sendArkesel = () => carrier.arkesel("/sms/send", body);
    await carrier.post("/outage", { provider: "twilio", mode: "http500" });
    assert.equal((await sendTwilio()).status, 503);
    assert.equal((await sendArkesel()).status, 200);
    await carrier.post("/outage", { provider: "twilio", mode: "refuse_auth" });
    assert.equal((await sendTwilio()).status, 401);
    await carrier.post("/outage", { provider: "arkesel", mode: "refuse_auth" });
    assert.equal((await sendArkesel()).status, 401);
    await carrier.post("/outage", { provider: "arkesel", mode: "no_balance" });
    assert.equal((await sendArkesel()).status, 402);
    await carrier.post("/outage", { provider: "twilio", mode: "none" });
    assert.equal((await sendTwilio()).status, 201);
    assert.equal((await carrier.messages()).length, 2);
    const nonsense = await carrier.post("/outage", { provider: "twilio", mode: "tired" });
    assert.equal(nonsense.status, 400);
  }));

Deno.test("an answer takes at least the latency, which can be changed", () =>
  withCarrier(async (carrier) => {
    await carrier.post("/latency", { ms: 150 });
    const before = performance.now();
    await carrier.twilio({ ...text, To: "+14155551234" });
    assert.ok(performance.now() - before >= 149);
  }));

Deno.test("a taken port is an error that says so", () =>
  withCarrier(async ({ url }) => {
    const dataDir = await Deno.makeTempDir();
    await assert.rejects(startCarrier({ port: Number(new URL(url).port), dataDir }), /EADDRINUSE/);
    await Deno.remove(dataDir, { recursive: true });
  }));

Deno.test("bodies without Content-Length are refused as told, counted, and accepted again", () =>
  withCarrier(async (carrier) => {
    const chunked = () =>
      carrier.arkesel("/sms/send", { sender: "X", message: "y", recipients: ["233544919953"] });
    for (const refusal of [400, 411, 501]) {
      await carrier.post("/chunked-bodies", { provider: "arkesel", refusal });
      assert.equal((await chunked()).status, refusal);
    }
    const { json } = await carrier.call<Record<string, unknown>>("/chunked-bodies");
    assert.deepEqual(json["arkesel"], { refusal: 501, refused: 1 });
    assert.deepEqual(await carrier.messages(), []);
    await carrier.post("/chunked-bodies", { provider: "arkesel", refusal: null });
    assert.equal((await chunked()).status, 200);
    assert.equal((await carrier.messages()).length, 1);
    for (const bad of [{ provider: "other", refusal: 411 }, { provider: "twilio", refusal: 404 }]) {
      assert.equal((await carrier.post("/chunked-bodies", bad)).status, 400);
    }
  }, { latencyMs: 0 }));
