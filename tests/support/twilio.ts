import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import { type Answer, call, expectStatus } from "./http.ts";
import { functionUrl } from "./stack.ts";

/** The platform's own account, as Twilio names it in every request. */
export const twilioAccount = { AccountSid: CARRIER_CREDENTIALS.twilioAccountSid };

/** An id as Twilio gives them. */
export const newSid = (): string => `SM${crypto.randomUUID().replaceAll("-", "")}`;

/**
 * What Twilio signs a request with: HMAC-SHA1 of the URL and the sorted form under the account's token
 * (https://www.twilio.com/docs/usage/security). Shares nothing with what the functions verify.
 */
export function signatureOf(
  token: string,
  url: string,
  form: Record<string, string | string[]> = {},
): string {
  const signed = Object.entries(form).sort(([a], [b]) => a < b ? -1 : 1).flatMap(([name, value]) =>
    [...new Set([value].flat())].sort().map((one) => `${name}${one}`)
  );
  return createHmac("sha1", token).update([url, ...signed].join("")).digest("base64");
}

/** Posts a form to a webhook as Twilio does, signed with the platform's token or another one. */
export function twilioPost(
  path: string,
  form: Record<string, string>,
  token: string = CARRIER_CREDENTIALS.twilioAuthToken,
): Promise<Answer> {
  return call(null, "POST", path, new URLSearchParams(form).toString(), {
    "content-type": "application/x-www-form-urlencoded",
    "x-twilio-signature": signatureOf(token, functionUrl(path), form),
  });
}

/** Calls a webhook with GET as Twilio does. */
export function twilioGet(path: string, fields: Record<string, string>): Promise<Answer> {
  const target = `${path}?${new URLSearchParams(fields)}`;
  const signature = signatureOf(CARRIER_CREDENTIALS.twilioAuthToken, functionUrl(target));
  return call(null, "GET", target, undefined, { "x-twilio-signature": signature });
}

/** A handset texts one of our numbers, which Twilio hands on; answers the id that Twilio gave the text. */
export async function handsetSays(
  from: string,
  to: string,
  body: string,
  more: Record<string, string> = {},
): Promise<string> {
  const form = {
    ...twilioAccount,
    MessageSid: newSid(),
    From: from,
    To: to,
    Body: body,
    NumMedia: "0",
    ...more,
  };
  const answer = await twilioPost("/webhooks/twilio/inbound", form);
  assert.equal(expectStatus<string>(answer, 200), "<Response/>");
  return form.MessageSid;
}
