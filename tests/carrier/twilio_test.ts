import assert from "node:assert/strict";
import twilio from "twilio";
import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import { withinOneDay } from "../support/one_day.ts";
import { startReceiver, until, withCarrier } from "./support.ts";

const text = { From: "+15005550006", Body: "Hello" };

Deno.test("Twilio: an accepted message is answered with 201 in Twilio's shape", () =>
  withCarrier(async ({ twilio }) => {
    const { status, json } = await twilio({ ...text, To: "+14155551234", ValidityPeriod: "600" });
    assert.equal(status, 201);
    assert.match(json.sid, /^SM[0-9a-f]{32}$/);
    assert.equal(json.status, "queued");
    assert.equal(json.num_segments, "1");
    assert.equal(json.account_sid, CARRIER_CREDENTIALS.twilioAccountSid);
    assert.match(json.date_created, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/);
    assert.equal(json.error_code, null);
  }));

Deno.test("Twilio: each invalid request is refused with Twilio's code, and nothing is accepted", () =>
  withCarrier(async ({ twilio, messages }) => {
    const good = { ...text, To: "+14155551234" };
    const cases: [Record<string, string>, number][] = [
      [text, 21604],
      [{ ...good, To: "12" }, 21211],
      [{ ...good, To: "+14155550001" }, 21211],
      [{ To: good.To, Body: "x" }, 21603],
      [{ ...good, From: "not a sender at all" }, 21212],
      [{ To: good.To, From: text.From }, 21602],
      [{ ...good, Body: "x".repeat(1601) }, 21617],
      [{ ...good, StatusCallback: "http://under_score.example/x" }, 21609],
      [{ ...good, StatusCallback: "nonsense" }, 21609],
      [{ ...good, To: "+14155550004" }, 21610],
    ];
    for (const [form, code] of cases) {
      const { status, json } = await twilio(form);
      assert.deepEqual([status, json.code, json.status], [400, code, 400], JSON.stringify(form));
      assert.match(json.more_info, new RegExp(`${code}$`));
    }
    assert.deepEqual(await messages(), []);
  }));

Deno.test("Twilio: wrong credentials get 401 with code 20003", () =>
  withCarrier(async ({ twilio }) => {
    const { status, json } = await twilio({ ...text, To: "+14155551234" }, "", "Basic eDp5");
    assert.deepEqual([status, json.code], [401, 20003]);
  }));

Deno.test("Twilio: sent and delivered are reported with a signature that Twilio's SDK accepts", () =>
  withCarrier(async (carrier) => {
    const receiver = startReceiver();
    const callback = `${receiver.url}/status?a=1&b=%20x'y`;
    await carrier.twilio({ ...text, To: "+14155551234", StatusCallback: `${callback}#rc=3` });
    const all = await receiver.until(2);
    assert.deepEqual(all.map((one) => one.params["MessageStatus"]).sort(), ["delivered", "sent"]);
    for (const { params, headers } of all) {
      const signature = headers.get("x-twilio-signature") ?? "";
      const { twilioAuthToken } = CARRIER_CREDENTIALS;
      assert.ok(twilio.validateRequest(twilioAuthToken, signature, callback, params));
      assert.equal(params["SmsSid"], params["MessageSid"]);
      assert.equal(params["AccountSid"], CARRIER_CREDENTIALS.twilioAccountSid);
    }
    const delivered = all.find((one) => one.params["MessageStatus"] === "delivered");
    assert.match(delivered?.params["RawDlrDoneDate"] ?? "", /^\d{10}$/);
    await receiver.stop();
  }));

Deno.test("Twilio: 0003, 0005 and 0007 are accepted and then undelivered with their codes", () =>
  withCarrier(async (carrier) => {
    const receiver = startReceiver();
    for (const last of ["0003", "0005", "0007"]) {
      const form = { ...text, To: `+1415555${last}`, StatusCallback: receiver.url };
      assert.equal((await carrier.twilio(form)).status, 201);
    }
    const failed = await receiver.until(3, (one) => one.params["MessageStatus"] === "undelivered");
    const codes = failed.map(({ params }) => [params["To"]?.slice(-4), params["ErrorCode"]]).sort();
    assert.deepEqual(codes, [["0003", "30003"], ["0005", "30005"], ["0007", "30007"]]);
    await receiver.stop();
  }));

Deno.test("Twilio: 0029 gets 429 twice and is then accepted once", () =>
  withCarrier(async ({ twilio, messages }) => {
    const form = { ...text, To: "+14155550029" };
    const answers = [await twilio(form), await twilio(form), await twilio(form)];
    assert.deepEqual(answers.map((one) => one.status), [429, 429, 201]);
    assert.equal(answers[0]?.json.code, 20429);
    assert.equal(answers[0]?.headers.get("retry-after"), "1");
    assert.equal((await messages()).length, 1);
  }));

Deno.test("Twilio: 0050 and 0051 are accepted and reported, though the sender sees a failure", () =>
  withCarrier(async (carrier) => {
    const receiver = startReceiver();
    const form = (to: string) => ({ ...text, To: to, StatusCallback: receiver.url });
    assert.equal((await carrier.twilio(form("+14155550050"))).status, 500);
    await assert.rejects(carrier.twilio(form("+14155550051")), TypeError);
    await receiver.until(2, (one) => one.params["MessageStatus"] === "delivered");
    const accepted = await carrier.messages();
    assert.deepEqual(accepted.map((one) => one.to), ["+14155550050", "+14155550051"]);
    await receiver.stop();
  }));

Deno.test("Twilio: 0060 reports everything twice, the end first", () =>
  withCarrier(async (carrier) => {
    const receiver = startReceiver();
    await carrier.twilio({ ...text, To: "+14155550060", StatusCallback: receiver.url });
    const all = await receiver.until(4);
    const statuses = all.map((one) => one.params["MessageStatus"]);
    assert.equal(statuses[0], "delivered");
    assert.deepEqual(statuses.sort(), ["delivered", "delivered", "sent", "sent"]);
    await receiver.stop();
  }));

Deno.test("Twilio: 0061 is never reported, but asking tells that it was delivered", () =>
  withCarrier(async (carrier) => {
    const form = { ...text, To: "+14155550061", StatusCallback: "http://127.0.0.1:9/none" };
    const { json } = await carrier.twilio(form);
    const fetched = await until(
      () => carrier.twilio(undefined, `/${json.sid}`),
      (answer) => answer.json.status === "delivered",
    );
    assert.equal(fetched.json.to, "+14155550061");
    assert.equal((await carrier.callbacks()).owed, 0);
  }));

Deno.test("Twilio: the list is newest first, in pages that neither repeat nor skip", () =>
  withCarrier(async (carrier) => {
    const sids: string[] = [];
    for (let i = 0; i < 5; i++) {
      sids.unshift((await carrier.twilio({ ...text, To: "+14155551234" })).json.sid);
    }
    await carrier.twilio({ ...text, To: "+14155559999" });
    const listed: string[] = [];
    let page = await carrier.list({ To: "+14155551234", PageSize: "2" });
    for (;;) {
      listed.push(...page.json.messages.map((one) => one.sid));
      if (page.json.next_page_uri === null) break;
      page = await carrier.twilioPath(page.json.next_page_uri);
    }
    assert.deepEqual(listed, sids);
  }));

Deno.test("Twilio: the list filters by date sent, which a waiting message does not have", () =>
  withinOneDay(["UTC"], () =>
    withCarrier(async (carrier) => {
      const today = new Date().toISOString().slice(0, 10);
      const count = async (query: Record<string, string>) =>
        (await carrier.list(query)).json.messages.length;
      await carrier.twilio({ ...text, To: "+14155551234" });
      await until(() => count({ "DateSent>": today }), (n) => n === 1);
      assert.equal(await count({ "DateSent>": "2999-01-01" }), 0);
      assert.equal(await count({ DateSent: today }), 1);
      await carrier.post("/latency", { ms: 500 });
      await Promise.all([
        carrier.twilio({ ...text, To: "+14155551234" }),
        until(() => count({ "DateSent>": today }), (n) => n === 1),
      ]);
    })));

Deno.test("Twilio: a waiting message can be canceled, a delivered one cannot", () =>
  withCarrier(async (carrier) => {
    const sent = await carrier.twilio({ ...text, To: "+14155551234" });
    const cancel = (sid: string) => carrier.twilio({ Status: "canceled" }, `/${sid}`);
    await until(() => carrier.messages(), ([one]) => one?.status === "delivered");
    assert.equal((await cancel(sent.json.sid)).status, 400);
    await carrier.post("/latency", { ms: 3_000 });
    const sending = carrier.twilio({ ...text, To: "+14155551111" });
    const [waiting] = await until(
      () => carrier.messages("?to=%2B14155551111"),
      (m) => m.length > 0,
    );
    const { status, json } = await cancel(waiting?.id ?? "");
    assert.deepEqual([status, json.status], [200, "canceled"]);
    await sending;
  }));

Deno.test("Twilio: a messaging service answers accepted, without sender and segments", () =>
  withCarrier(async (carrier) => {
    const form = { To: "+14155551234", Body: "Hi", MessagingServiceSid: `MG${"0".repeat(32)}` };
    const { status, json } = await carrier.twilio(form);
    const seen = [status, json.status, json.from, json.num_segments];
    assert.deepEqual(seen, [201, "accepted", null, "0"]);
  }));

Deno.test("Twilio: an unknown message is 404 with code 20404", () =>
  withCarrier(async (carrier) => {
    const { status, json } = await carrier.twilio(undefined, `/SM${"0".repeat(32)}`);
    assert.deepEqual([status, json.code], [404, 20404]);
  }));
