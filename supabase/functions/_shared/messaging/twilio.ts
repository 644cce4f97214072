import {
  LookupError,
  type OutboundSms,
  type ProviderOptions,
  type SendOutcome,
  type SmsProvider,
} from "./provider.ts";
import { type Answer, callProvider, maskNumbers, textOf } from "./provider_http.ts";
import { asyncClass } from "./twilio_errors.ts";
import { findMessages, notOk, sentOn } from "./twilio_find.ts";
import { parseDelivery, parseInbound, resourceReport } from "./twilio_reports.ts";
import { verifyTwilioSignature } from "./twilio_signature.ts";

/** Credentials of one Twilio account. The auth token must be the primary one: it also signs webhooks. */
export interface TwilioOptions extends ProviderOptions {
  accountSid: string;
  authToken: string;
}

/** Twilio's Messages API. Source: https://www.twilio.com/docs/messaging/api/message-resource. */
export function createTwilio(options: TwilioOptions): SmsProvider {
  const root = `/2010-04-01/Accounts/${options.accountSid}/Messages`;
  const authorization = `Basic ${btoa(`${options.accountSid}:${options.authToken}`)}`;
  const get = async (path: string) => {
    const answer = await callProvider(options, path, { headers: { authorization } });
    if (answer.kind === "none") throw new LookupError("twilio", answer.code);
    return answer;
  };
  return {
    name: "twilio",
    async send(message) {
      const answer = await callProvider(options, `${root}.json`, {
        headers: { authorization, "content-type": "application/x-www-form-urlencoded" },
        body: sendForm(message).toString(),
      });
      if (answer.kind === "answer") return sendOutcome(answer);
      const { code, message: text } = answer;
      return answer.neverSent
        ? { kind: "outage", code, message: text }
        : { kind: "unknown", code, message: text };
    },
    async status(providerMessageId) {
      const answer = await get(`${root}/${encodeURIComponent(providerMessageId)}.json`);
      // Only Twilio's own 404: a proxy's says nothing about the message.
      if (answer.status === 404 && textOf(answer.json, "code") === "20404") return null;
      if (answer.status !== 200) throw notOk(answer);
      const report = resourceReport(answer.json);
      if (report?.providerMessageId !== providerMessageId) throw new LookupError("twilio", "junk");
      return report;
    },
    find: (query) => findMessages(get, options.baseUrl, `${root}.json`, query),
    sentOn: (from, day, page) => sentOn(get, options.baseUrl, `${root}.json`, { from, day, page }),
    parseDelivery,
    parseInbound,
    verify: (request) => verifyTwilioSignature(options.authToken, request),
  };
}

function sendForm(message: OutboundSms): URLSearchParams {
  const form = new URLSearchParams({ To: message.to, Body: message.body });
  form.set(message.from.startsWith("MG") ? "MessagingServiceSid" : "From", message.from);
  // Twilio repeats a failed callback only on request; the fragment is not part of the signature.
  form.set(
    "StatusCallback",
    message.callbackUrl.includes("#")
      ? message.callbackUrl
      : `${message.callbackUrl}#rc=3&rp=ct,rt,5xx`,
  );
  if (message.validitySeconds !== undefined) {
    const seconds = Math.min(36_000, Math.max(1, Math.floor(message.validitySeconds)));
    form.set("ValidityPeriod", String(seconds));
  }
  return form;
}

function sendOutcome({ status, json, retryAfterSeconds }: Answer): SendOutcome {
  const sid = textOf(json, "sid");
  if (status >= 200 && status < 300 && sid !== null) {
    // "0" means that a messaging service has not counted yet.
    const segments = Number(textOf(json, "num_segments"));
    return { kind: "accepted", providerMessageId: sid, segments: segments > 0 ? segments : null };
  }
  const twilioCode = textOf(json, "code");
  const code = twilioCode ?? `http_${status}`;
  const message = maskNumbers(textOf(json, "message") ?? `HTTP ${status}`);
  if (status < 300 || status >= 500 || status === 408) return { kind: "unknown", code, message };
  if (status === 429) return { kind: "retry", code, message, retryAfterSeconds };
  if (status < 400 || [401, 403, 404].includes(status)) return { kind: "outage", code, message };
  const failure = asyncClass(twilioCode);
  if (failure === "transient") return { kind: "retry", code, message, retryAfterSeconds };
  if (failure === "outage") return { kind: "outage", code, message };
  return {
    kind: "rejected",
    code,
    message,
    optOut: failure === "optOut",
    invalidNumber: failure === "invalidNumber",
  };
}
