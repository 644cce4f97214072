import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import twilio from "twilio";
import {
  twilioSignature,
  verifyTwilioSignature,
} from "../../supabase/functions/_shared/messaging/twilio_signature.ts";
import { dice } from "../support/dice.ts";
import { signatureOf } from "../support/twilio.ts";

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
    assert.equal(signatureOf(token, url, params), signature, `seed ${seed}: the tests sign alike`);
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

Deno.test("JSON bodies: we and Twilio's SDK decide alike", () => {
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
