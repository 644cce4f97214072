import twilio from "twilio";
import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import { type Answer, call, expectStatus } from "./http.ts";
import { functionUrl } from "./stack.ts";

/** The platform's own account, as Twilio names it in every request. */
export const twilioAccount = { AccountSid: CARRIER_CREDENTIALS.twilioAccountSid };

/** An id as Twilio gives them. */
export const newSid = (): string => `SM${crypto.randomUUID().replaceAll("-", "")}`;

/** Posts a form to a webhook, signed by Twilio's own library. */
export function twilioPost(path: string, form: Record<string, string>): Promise<Answer> {
  const signature = twilio.getExpectedTwilioSignature(
    CARRIER_CREDENTIALS.twilioAuthToken,
    functionUrl(path),
    form,
  );
  return call(null, "POST", path, new URLSearchParams(form).toString(), {
    "content-type": "application/x-www-form-urlencoded",
    "x-twilio-signature": signature,
  });
}

/** Calls a webhook with GET, signed by Twilio's own library. */
export function twilioGet(path: string, fields: Record<string, string>): Promise<Answer> {
  const target = `${path}?${new URLSearchParams(fields)}`;
  const signature = twilio.getExpectedTwilioSignature(
    CARRIER_CREDENTIALS.twilioAuthToken,
    functionUrl(target),
    {},
  );
  return call(null, "GET", target, undefined, { "x-twilio-signature": signature });
}

/** A handset texts one of our numbers; answers the id that Twilio gave the text. */
export async function handsetSays(
  from: string,
  to: string,
  body: string,
  more: Record<string, string> = {},
): Promise<string> {
  const sid = newSid();
  const form = { ...twilioAccount, MessageSid: sid, From: from, To: to, Body: body, ...more };
  expectStatus(await twilioPost("/webhooks/twilio/inbound", form), 200);
  return sid;
}
