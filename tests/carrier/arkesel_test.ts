import assert from "node:assert/strict";
import { startReceiver, until, withCarrier } from "./support.ts";

interface Details {
  ID: string;
  status: string;
  recipient: string;
  sent_at_time: string;
}

const text = { sender: "Utility", message: "Hello" };

Deno.test("Arkesel: accepted numbers get an id each, invalid ones stand under a key with a space", () =>
  withCarrier(async ({ arkesel, messages }) => {
    const recipients = ["233544919953", "233544910001", "22", "233544919954"];
    const { status, json } = await arkesel("/sms/send", { ...text, recipients });
    assert.equal(status, 200);
    assert.equal(json.status, "success");
    assert.deepEqual(json.data[2], { "invalid numbers": ["233544910001", "22"] });
    const accepted = await messages();
    const listed = accepted.map(({ to, id }) => [to.slice(1), id]);
    assert.deepEqual(listed, json.data.slice(0, 2).map(({ recipient, id }) => [recipient, id]));
  }));

Deno.test("Arkesel: bad requests get 422, a bad key 403, and nothing is accepted", () =>
  withCarrier(async ({ arkesel, messages, call }) => {
    const good = { ...text, recipients: ["233544919953"] };
    const bad = [
      { ...good, sender: "TwelveLetter" },
      { ...good, sender: "" },
      { ...good, message: "" },
      { ...good, recipients: [] },
      { ...good, callback_url: "nonsense" },
    ];
    for (const body of bad) {
      const { status, json } = await arkesel("/sms/send", body);
      assert.deepEqual([status, json.status], [422, "error"], JSON.stringify(body));
    }
    assert.equal((await arkesel("/sms/send", good, "wrong")).status, 403);
    assert.equal((await call("/api/v2/sms/send", { method: "POST", body: "{}" })).status, 403);
    assert.deepEqual(await messages(), []);
  }));

Deno.test("Arkesel: callbacks are GETs that keep the query of the callback URL", () =>
  withCarrier(async (carrier) => {
    const receiver = startReceiver();
    const { json } = await carrier.arkesel("/sms/send", {
      ...text,
      recipients: ["233544919953"],
      callback_url: `${receiver.url}/delivery?token=a.b%2Fc`,
    });
    const all = await receiver.until(2);
    const statuses = all.map((one) => one.params["status"]).sort();
    assert.deepEqual(statuses, ["DELIVERED", "SUBMITTED"]);
    for (const { method, url, params } of all) {
      assert.equal(method, "GET");
      assert.match(url, /\/delivery\?token=a\.b%2Fc&sms_id=/);
      assert.equal(params["sms_id"], json.data[0]?.id);
    }
    await receiver.stop();
  }));

Deno.test("Arkesel: the special numbers end as they do at Twilio, in Arkesel's words", () =>
  withCarrier(async (carrier) => {
    const receiver = startReceiver();
    const endings = ["0003", "0004", "0005", "0007"];
    const recipients = endings.map((last) => `23354491${last}`);
    const body = { ...text, recipients, callback_url: receiver.url };
    const { json } = await carrier.arkesel("/sms/send", body);
    const ids = json.data.map((one) => one.id);
    const final = await receiver.until(4, (one) => one.params["status"] !== "SUBMITTED");
    const statuses = new Map(final.map(({ params }) => [params["sms_id"], params["status"]]));
    assert.deepEqual(ids.map((id) => statuses.get(id)), [
      "NOT_DELIVERED",
      "PROHIBITED",
      "NOT_DELIVERED",
      "PROHIBITED",
    ]);
    await receiver.stop();
  }));

Deno.test("Arkesel: 0029 gets 429 twice; 0050 and 0051 are accepted and seem to fail", () =>
  withCarrier(async (carrier) => {
    const send = (to: string) => carrier.arkesel("/sms/send", { ...text, recipients: [to] });
    assert.equal((await send("233544910029")).status, 429);
    assert.equal((await send("233544910029")).status, 429);
    assert.equal((await send("233544910029")).status, 200);
    assert.equal((await send("233544910050")).status, 500);
    await assert.rejects(send("233544910051"), TypeError);
    const accepted = (await carrier.messages()).map((one) => one.to.slice(-4));
    assert.deepEqual(accepted, ["0029", "0050", "0051"]);
  }));

Deno.test("Arkesel: details, bulk reports and balance have Arkesel's shapes", () =>
  withCarrier(async ({ arkesel }) => {
    const sent = await arkesel("/sms/send", { ...text, recipients: ["233544910061"] });
    const id = sent.json.data[0]?.id ?? "";
    const { json } = await until(
      () => arkesel<{ data: Details }>(`/sms/${id}`),
      (answer) => answer.json.data.status === "DELIVERED",
    );
    assert.equal(json.data.ID, id);
    assert.equal(json.data.recipient, "233544910061");
    assert.match(json.data.sent_at_time, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    const reports = await arkesel<{ data: Record<string, Details> }>("/sms/message-reports", {
      msg_ids: [id],
    });
    assert.equal(reports.json.data[id]?.status, "DELIVERED");
    assert.equal((await arkesel("/sms/none")).status, 404);
    const balance = await arkesel<{ data: { sms_balance: unknown } }>("/clients/balance-details");
    assert.equal(typeof balance.json.data.sms_balance, "string");
  }));
