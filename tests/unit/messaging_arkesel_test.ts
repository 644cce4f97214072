import assert from "node:assert/strict";
import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import { arkeselClass, createArkesel } from "../../supabase/functions/_shared/messaging/arkesel.ts";
import { signCallback } from "../../supabase/functions/_shared/messaging/callback_token.ts";
import type { OutboundSms } from "../../supabase/functions/_shared/messaging/provider.ts";
import { closedUrl, startReceiver, until, withCarrier } from "../carrier/support.ts";

const { arkeselApiKey: apiKey } = CARRIER_CREDENTIALS;
const callbackSecret = "callback secret";

function message(to: string, fields: Partial<OutboundSms> = {}): OutboundSms {
  const callbackUrl = "http://127.0.0.1:1/delivery?token=t";
  return { id: crypto.randomUUID(), to, from: "Utility", body: "Hello", callbackUrl, ...fields };
}

const at = (baseUrl: string) => createArkesel({ apiKey, baseUrl, callbackSecret });

Deno.test("Arkesel: every special number gets its outcome, and what is unknown was accepted once", () =>
  withCarrier(async ({ url, messages }) => {
    const arkesel = at(url);
    const outcome = async (last: string) => await arkesel.send(message(`+23354491${last}`));
    const invalid = { kind: "rejected", code: "invalid_number", invalidNumber: true };
    assert.partialDeepStrictEqual(await outcome("0001"), invalid);
    const fine = ["0003", "0004", "0005", "0007", "0060", "0061", "1234"];
    for (const last of fine) assert.equal((await outcome(last)).kind, "accepted", last);
    const busy = { kind: "retry", code: "http_429", retryAfterSeconds: 1 };
    assert.partialDeepStrictEqual(await outcome("0029"), busy);
    assert.partialDeepStrictEqual(await outcome("0029"), busy);
    assert.equal((await outcome("0029")).kind, "accepted");
    assert.partialDeepStrictEqual(await outcome("0050"), { kind: "unknown", code: "http_500" });
    const cut = { kind: "unknown", code: "connection_lost" };
    assert.partialDeepStrictEqual(await outcome("0051"), cut);
    const accepted = (await messages()).map((one) => one.to.slice(-4));
    assert.deepEqual(accepted, [...fine, "0029", "0050", "0051"]);
  }));

Deno.test("Arkesel: a sender over 11 characters is rejected before anything is sent", () =>
  withCarrier(async ({ url, messages }) => {
    const outcome = await at(url).send(message("+233544919953", { from: "TwelveLetter" }));
    assert.partialDeepStrictEqual(outcome, { kind: "rejected", code: "sender_too_long" });
    assert.deepEqual(await messages(), []);
  }));

Deno.test("Arkesel: key, balance and no connection are outages, 422 a rejection, 5xx unknown", () =>
  withCarrier(async ({ url, post }) => {
    const arkesel = at(url);
    const send = () => arkesel.send(message("+233544919953"));
    const wrong = createArkesel({ apiKey: "wrong", baseUrl: url });
    const key = { kind: "outage", code: "http_403" };
    assert.partialDeepStrictEqual(await wrong.send(message("+233544919953")), key);
    const empty = await arkesel.send(message("+233544919953", { body: "" }));
    assert.partialDeepStrictEqual(empty, { kind: "rejected", code: "http_422" });
    await post("/outage", { provider: "arkesel", mode: "no_balance" });
    assert.partialDeepStrictEqual(await send(), { kind: "outage", code: "http_402" });
    await post("/outage", { provider: "arkesel", mode: "refuse_auth" });
    assert.partialDeepStrictEqual(await send(), { kind: "outage", code: "http_401" });
    await post("/outage", { provider: "arkesel", mode: "http500" });
    assert.partialDeepStrictEqual(await send(), { kind: "unknown", code: "http_503" });
    const absent = await at(await closedUrl()).send(message("+233544919953"));
    assert.partialDeepStrictEqual(absent, { kind: "outage", code: "connect" });
  }));

Deno.test("Arkesel: an answer of 200 without a message id is unknown", async () => {
  const answers = [{ status: "success", message: "SMS request sent successfully!" }, "nonsense"];
  for (const answer of answers) {
    const fake: typeof fetch = () => Promise.resolve(Response.json(answer));
    const arkesel = createArkesel({ apiKey, baseUrl: "http://arkesel.example", fetch: fake });
    const outcome = await arkesel.send(message("+233544919953"));
    assert.partialDeepStrictEqual(outcome, { kind: "unknown", code: "no_id" });
  }
});

Deno.test("Arkesel: a message's state can be asked for, and an unknown one is null", () =>
  withCarrier(async ({ url }) => {
    const arkesel = at(url);
    const sent = await arkesel.send(message("+233544910003"));
    const id = sent.kind === "accepted" ? sent.providerMessageId : "";
    const report = await until(() => arkesel.status(id), (one) => one?.status === "undelivered");
    const failed = { providerMessageId: id, code: "NOT_DELIVERED", message: "not delivered" };
    assert.partialDeepStrictEqual(report, failed);
    assert.equal(await arkesel.status(crypto.randomUUID()), null);
    await assert.rejects(at(await closedUrl()).status(id), /^Error: arkesel lookup: connect$/);
  }));

Deno.test("Arkesel: a callback is believed by the token in its URL only", () =>
  withCarrier(async ({ url }) => {
    const receiver = startReceiver();
    const sms = message("+233544910007");
    const callbackUrl = `${receiver.url}/delivery?token=${signCallback(callbackSecret, sms.id)}`;
    const arkesel = at(url);
    await arkesel.send({ ...sms, callbackUrl });
    const all = await receiver.until(2);
    const reports = all.map((one) => {
      const request = { method: "GET", url: one.url, headers: one.headers, rawBody: "" };
      assert.equal(arkesel.verify(request), true);
      assert.equal(createArkesel({ apiKey, baseUrl: url }).verify(request), false);
      assert.equal(
        arkesel.verify({ ...request, url: one.url.replace("token=", "token=A") }),
        false,
      );
      assert.equal(arkesel.verify({ ...request, url: `${receiver.url}/delivery` }), false);
      assert.equal(arkesel.parseInbound(request), null);
      return arkesel.parseDelivery(request);
    });
    assert.deepEqual(reports.map((one) => one?.status).sort(), ["failed", "sent"]);
    assert.equal(reports.find((one) => one?.status === "failed")?.code, "PROHIBITED");
    await receiver.stop();
  }));

Deno.test("Arkesel: each status has its place among ours, and others are not a report", () => {
  const arkesel = at("http://arkesel.example");
  const read = (status: string, method = "GET") => {
    const query = new URLSearchParams({ sms_id: "1", status }).toString();
    const url = `https://a.example/d${method === "GET" ? `?${query}` : ""}`;
    const rawBody = method === "GET" ? "" : query;
    return arkesel.parseDelivery({ method, url, headers: new Headers(), rawBody });
  };
  const names = ["QUEUED", "SUBMITTED", "DELIVERED", "NOT_DELIVERED", "EXPIRED", "PROHIBITED"];
  assert.deepEqual(names.map((name) => read(name)?.status), [
    "queued",
    "sent",
    "delivered",
    "undelivered",
    "undelivered",
    "failed",
  ]);
  assert.equal(read("delivered", "POST")?.status, "delivered");
  assert.equal(read("PONDERING"), null);
  assert.deepEqual(names.slice(3).map(arkeselClass), ["permanent", "transient", "filtered"]);
});
