import assert from "node:assert/strict";
import {
  twilioSignature,
  verifyTwilioSignature,
} from "../../supabase/functions/_shared/messaging/twilio_signature.ts";

const TOKEN = "12345";
const base = "https://example.org/functions/v1/webhooks/twilio/inbound?AccountSid=AC1&";

/** What a proxy that parses URLs passes on: the same query with ' " < > escaped. */
const rewritten = (url: string) => new URL(url).toString();

function verify(url: string, signature: string): boolean {
  const headers = new Headers({ "x-twilio-signature": signature });
  return verifyTwilioSignature(TOKEN, { url, headers, rawBody: "" });
}

Deno.test("a GET is verified although a proxy escaped signs of its query", () => {
  for (
    const query of [
      "Body=don't+stop&From=%2B15005550006",
      "FromCity=COEUR+D'ALENE&Body=STOP",
      "Body=don't%21",
      "Body=%28don't%29",
      "Body=<b>+now",
      'Body=a"b%20c',
      "Body=don%27t+stop",
      "Body=don't",
    ]
  ) {
    const signature = twilioSignature(TOKEN, base + query, {});
    assert.ok(verify(base + query, signature), query);
    assert.ok(verify(rewritten(base + query), signature), `${query}, rewritten`);
    assert.ok(!verify(rewritten(`${base + query}&x=1`), signature), `${query}, forged`);
  }
});
