import assert from "node:assert/strict";
import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import type { SentPage } from "../../supabase/functions/_shared/messaging/provider.ts";
import { createTwilio } from "../../supabase/functions/_shared/messaging/twilio.ts";
import { until, withCarrier } from "../carrier/support.ts";
import { withinOneDay } from "../support/one_day.ts";

const { twilioAccountSid: accountSid, twilioAuthToken: authToken } = CARRIER_CREDENTIALS;
const TO = "+14155550050";
const FROM = "+15005550006";

const find = (
  baseUrl: string,
  query: { body: string; since?: Date; from?: string },
  options: { fetch?: typeof fetch } = {},
) => {
  const twilio = createTwilio({ accountSid, authToken, baseUrl, ...options });
  return twilio.find?.({ to: TO, since: new Date(), ...query }) ?? Promise.resolve([]);
};

Deno.test("find returns the message whose outcome is unknown, by recipient, body and sender", () =>
  withCarrier(async (carrier) => {
    const since = new Date();
    await carrier.twilio({ To: TO, From: FROM, Body: "Pay 10" });
    await carrier.twilio({ To: TO, From: FROM, Body: "Pay 20" });
    await carrier.twilio({ To: "+14155551234", From: FROM, Body: "Pay 10" });
    const [expected] = await carrier.messages();
    const found = await find(carrier.url, { body: "Pay 10", since, from: FROM });
    assert.deepEqual(found.map((one) => one.providerMessageId), [expected?.id]);
    assert.deepEqual(await find(carrier.url, { body: "Pay 30", since }), []);
    assert.deepEqual(await find(carrier.url, { body: "Pay 10", since, from: "Other" }), []);
    const later = new Date(Date.now() + 3_600_000);
    assert.deepEqual(await find(carrier.url, { body: "Pay 10", since: later }), []);
  }));

Deno.test("find sees a message that still waits in Twilio's queue", () =>
  withCarrier(async (carrier) => {
    await carrier.post("/latency", { ms: 3_000 });
    const sending = carrier.twilio({ To: TO, From: FROM, Body: "Pay 10" });
    await until(() => carrier.messages(), (all) => all.length === 1);
    const found = await find(carrier.url, { body: "Pay 10" });
    assert.deepEqual(found.map((one) => one.status), ["queued"]);
    await sending;
  }));

Deno.test("find forgives two minutes between our clock and Twilio's", () =>
  withCarrier(async (carrier) => {
    await carrier.twilio({ To: TO, From: FROM, Body: "Pay 10" });
    const ahead = new Date(Date.now() + 120_000);
    assert.equal((await find(carrier.url, { body: "Pay 10", since: ahead })).length, 1);
  }));

/** A fetch that makes the carrier's pages short, as if the number had thousands of messages. */
const shortPages = (size: number, counted: string[]): typeof fetch => (input, init) => {
  const url = String(input).replace("PageSize=1000", `PageSize=${size}`);
  counted.push(url);
  return fetch(url, init);
};

Deno.test("find follows the pages to their end", () =>
  withCarrier(async (carrier) => {
    await carrier.twilio({ To: TO, From: FROM, Body: "Pay 10" });
    for (let i = 0; i < 6; i++) await carrier.twilio({ To: TO, From: FROM, Body: `Other ${i}` });
    const pages: string[] = [];
    const found = await find(carrier.url, { body: "Pay 10" }, { fetch: shortPages(2, pages) });
    assert.equal(found.length, 1);
    assert.equal(pages.length, 4);
  }));

Deno.test("find stops at a page of old messages", () =>
  withCarrier(async (carrier) => {
    for (let i = 0; i < 6; i++) await carrier.twilio({ To: TO, From: FROM, Body: `Old ${i}` });
    const pages: string[] = [];
    const later = { body: "Pay 10", since: new Date(Date.now() + 3_600_000) };
    assert.deepEqual(await find(carrier.url, later, { fetch: shortPages(2, pages) }), []);
    assert.equal(pages.length, 1);
  }));

Deno.test("find throws, and never says none, when it could not look everywhere", () =>
  withCarrier(async (carrier) => {
    for (let i = 0; i < 12; i++) await carrier.twilio({ To: TO, From: FROM, Body: `Other ${i}` });
    const tooMany = find(carrier.url, { body: "Pay 10" }, { fetch: shortPages(1, []) });
    await assert.rejects(tooMany, /too many messages/);
    await carrier.post("/outage", { provider: "twilio", mode: "http500" });
    await assert.rejects(find(carrier.url, { body: "Pay 10" }), /http_503/);
  }));

Deno.test("find does not carry the credentials to another host", async () => {
  const page = { messages: [{ sid: "SM1" }], next_page_uri: "https://elsewhere.example/x" };
  const foreign: typeof fetch = () => Promise.resolve(Response.json(page));
  const lookup = find("http://carrier.example", { body: "x" }, { fetch: foreign });
  await assert.rejects(lookup, /foreign next page/);
});

Deno.test("sentOn reads a number's day page by page, with prices", () =>
  withinOneDay(["UTC"], () =>
    withCarrier(async (carrier) => {
      await carrier.post("/latency", { ms: 0 });
      for (let n = 0; n < 5; n++) await carrier.twilio({ To: TO, From: FROM, Body: `Text ${n}` });
      await carrier.twilio({ To: TO, From: "+15005550007", Body: "Another number's" });
      const day = new Date().toISOString().slice(0, 10);
      const pages: string[] = [];
      const twilio = createTwilio({
        accountSid,
        authToken,
        baseUrl: carrier.url,
        fetch: shortPages(2, pages),
      });
      const ids = new Set<string>();
      for (let page: string | null = null;;) {
        const sent: SentPage | undefined = await twilio.sentOn?.(FROM, day, page);
        for (const { providerMessageId, facts } of sent?.reports ?? []) {
          ids.add(providerMessageId);
          assert.deepEqual(facts, { price: "-0.00790", currency: "USD", segments: 1 });
        }
        page = sent?.next ?? null;
        if (page === null) break;
      }
      assert.deepEqual([ids.size, pages.length], [5, 3]);
      assert.deepEqual(await twilio.sentOn?.(FROM, "2020-01-01", null), {
        reports: [],
        next: null,
      });
    })));

Deno.test("find and status take an answer that makes no sense for none, never for no message", () =>
  withCarrier(async (carrier) => {
    await carrier.twilio({ To: TO, From: FROM, Body: "Pay 10" });
    const [message] = await carrier.messages();
    const lost: typeof fetch = async (input, init) => {
      const text = await (await fetch(input, init)).text();
      return new Response(text.replace(/"status":"\w+"/g, '"status":"lost"'));
    };
    const twilio = createTwilio({ accountSid, authToken, baseUrl: carrier.url, fetch: lost });
    await assert.rejects(twilio.status(message?.id ?? ""), /^Error: twilio lookup: junk$/);
    await assert.rejects(find(carrier.url, { body: "Pay 10" }, { fetch: lost }), /junk$/);
    const proxy: typeof fetch = () => Promise.resolve(new Response("gone", { status: 404 }));
    const behind = createTwilio({ accountSid, authToken, baseUrl: carrier.url, fetch: proxy });
    await assert.rejects(behind.status(message?.id ?? ""), /http_404$/);
  }));
