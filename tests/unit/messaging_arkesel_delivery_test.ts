import assert from "node:assert/strict";
import { createArkesel } from "../../supabase/functions/_shared/messaging/arkesel.ts";

const account = createArkesel({ apiKey: "x", baseUrl: "http://127.0.0.1:1", timeoutMs: 1_000 });
const base = "https://example.org/webhooks/arkesel/delivery?token=t";

function parse(method: string, query: string, rawBody = "", type = "form") {
  const contentType = type === "json" ? "application/json" : "application/x-www-form-urlencoded";
  const headers = new Headers({ "content-type": contentType });
  const report = account.parseDelivery({ method, url: `${base}${query}`, headers, rawBody });
  return report && [report.providerMessageId, report.status, report.code];
}

Deno.test("a delivery report is read from the query or the body, whatever the method", () => {
  const wanted = ["id1", "delivered", null];
  const query = "&sms_id=id1&status=DELIVERED";
  assert.deepEqual(parse("GET", query), wanted);
  assert.deepEqual(parse("POST", query), wanted);
  assert.deepEqual(parse("POST", query, "{}", "json"), wanted);
  assert.deepEqual(parse("POST", "", "sms_id=id1&status=DELIVERED"), wanted);
  assert.deepEqual(parse("POST", "", '{"sms_id":"id1","status":"DELIVERED"}', "json"), wanted);
  assert.equal(parse("POST", "&sms_id=id1"), null);
});

Deno.test("the names of carriers are understood, and unknown ones are not guessed", () => {
  const statusOf = (name: string) => parse("GET", `&sms_id=id1&status=${name}`)?.[1] ?? null;
  for (
    const [name, status] of [
      ["SENT", "sent"],
      ["ACCEPTED", "queued"],
      ["DELIVRD", "delivered"],
      ["UNDELIVERED", "undelivered"],
      ["FAILED", "failed"],
      ["not delivered", "undelivered"],
      ["SOMETHING", null],
    ]
  ) assert.equal(statusOf(name ?? ""), status, name ?? "");
});
