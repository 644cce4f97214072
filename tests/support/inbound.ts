import assert from "node:assert/strict";
import twilioLibrary from "twilio";
import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import { call, expectStatus } from "./http.ts";
import { functionUrl } from "./stack.ts";

export const newSid = (): string => `SM${crypto.randomUUID().replaceAll("-", "")}`;

/** A text from a handset to one of our numbers, delivered as Twilio does, signed by Twilio's own library. */
export async function handsetSays(
  body: string,
  { from, to, sid = newSid(), ...more }:
    & { from: string; to: string; sid?: string }
    & Record<
      string,
      string
    >,
): Promise<void> {
  const path = "/webhooks/twilio/inbound";
  const form: Record<string, string> = {
    AccountSid: CARRIER_CREDENTIALS.twilioAccountSid,
    MessageSid: sid,
    From: from,
    To: to,
    Body: body,
    NumMedia: "0",
    ...more,
  };
  const answer = await call(null, "POST", path, new URLSearchParams(form).toString(), {
    "content-type": "application/x-www-form-urlencoded",
    "x-twilio-signature": twilioLibrary.getExpectedTwilioSignature(
      CARRIER_CREDENTIALS.twilioAuthToken,
      functionUrl(path),
      form,
    ),
  });
  assert.equal(expectStatus<string>(answer, 200), "<Response/>");
}
