import { countSegments } from "../../supabase/functions/_shared/messaging/segments.ts";
import { callbackOrder, type Fate, fateOf } from "./behaviour.ts";
import { type Carrier, lookedUp, type LookupFault, outageOf, oweCallbacks } from "./carrier.ts";
import { CARRIER_CREDENTIALS } from "./credentials.ts";
import type { CarrierAnswer, CarrierRequest } from "./http.ts";
import { type Message, type OwedRequest, statusAt } from "./store.ts";
import { listMessages, toResource, twilioStatus } from "./twilio_resource.ts";

const { twilioAccountSid, twilioAuthToken } = CARRIER_CREDENTIALS;
const ROOT = `/2010-04-01/Accounts/${twilioAccountSid}/Messages`;
const AUTHORIZATION = `Basic ${btoa(`${twilioAccountSid}:${twilioAuthToken}`)}`;

/** Twilio's Messages API as far as Signalbox uses it. */
export function handleTwilio(carrier: Carrier, request: CarrierRequest): CarrierAnswer {
  const { method, url } = request;
  const outage = outageOf(carrier, "twilio", request);
  if (outage === "http500") return failure(503, 20503, "Service unavailable");
  if (outage === "refuse_auth" || request.header("authorization") !== AUTHORIZATION) {
    return failure(401, 20003, "Authenticate");
  }
  if (method === "GET" && url.pathname === `/2010-04-01/Accounts/${twilioAccountSid}.json`) {
    return { status: 200, json: { sid: twilioAccountSid, status: "active", type: "Full" } };
  }
  if (url.pathname === `${ROOT}.json`) {
    if (method === "POST") return createMessage(carrier, new URLSearchParams(request.body));
    if (method === "GET") {
      const about = carrier.store.lastTo(url.searchParams.get("To") ?? "");
      return faulty(about === null ? "none" : lookedUp(carrier, about.from), url) ??
        listMessages(carrier.store, url);
    }
  }
  const sid = url.pathname.startsWith(`${ROOT}/`)
    ? url.pathname.slice(ROOT.length + 1).replace(/\.json$/, "")
    : "";
  const message = carrier.store.message(sid);
  if (message?.provider !== "twilio") return notFound(url);
  if (method === "GET") {
    return faulty(lookedUp(carrier, message.from), url) ??
      { status: 200, json: toResource(message, Date.now()) };
  }
  if (method === "POST") return cancelMessage(carrier, message, new URLSearchParams(request.body));
  return failure(405, 20004, "Method not allowed");
}

function notFound(url: URL): CarrierAnswer {
  return failure(404, 20404, `The requested resource ${url.pathname} was not found`);
}

/** The answer to a question that fails, or null when it does not. */
function faulty(fault: LookupFault, url: URL): CarrierAnswer | null {
  switch (fault) {
    case "http429":
      return { ...failure(429, 20429, "Too Many Requests"), headers: { "retry-after": "120" } };
    case "http500":
      return failure(500, 20500, "Internal server error");
    case "refuse_auth":
      return failure(401, 20003, "Authenticate");
    case "not_found":
      return url.pathname === `${ROOT}.json`
        ? { status: 200, json: { messages: [] } }
        : notFound(url);
    case "junk":
      return { status: 200, json: { sid: 7, status: "lost in thought", messages: "none" } };
    case "cut":
      return "cut";
    default:
      return null;
  }
}

function failure(status: number, code: number, message: string): Exclude<CarrierAnswer, "cut"> {
  const moreInfo = `https://www.twilio.com/docs/errors/${code}`;
  return { status, json: { code, message, more_info: moreInfo, status } };
}

function createMessage(carrier: Carrier, form: URLSearchParams): CarrierAnswer {
  const to = form.get("To") ?? "";
  const fate = fateOf(to);
  const invalid = validate(form, fate);
  if (invalid !== null) return failure(400, ...invalid);
  if (fate.refusal === "busy" && carrier.isBusy(`twilio ${to}`)) {
    return { ...failure(429, 20429, "Too Many Requests"), headers: { "retry-after": "1" } };
  }
  const message = newMessage(form, fate, carrier.latencyMs);
  const callbackUrl = form.get("StatusCallback");
  carrier.store.transaction(() => {
    carrier.store.addMessage(message);
    if (callbackUrl) {
      oweCallbacks(carrier, message.from, statusCallbacks(message, fate, callbackUrl));
    }
  });
  carrier.wakeCallbacks();
  if (fate.answer === "cut") return "cut";
  if (fate.answer === "error") return failure(500, 20500, "Internal server error");
  return { status: 201, json: toResource(message, message.acceptedAt) };
}

function validate(form: URLSearchParams, fate: Fate): [code: number, message: string] | null {
  const [to, from, body] = ["To", "From", "Body"].map((name) => form.get(name) ?? "");
  const callback = form.get("StatusCallback") ?? "";
  if (!to) return [21604, "A 'To' phone number is required."];
  if (!/^\+[1-9]\d{6,14}$/.test(to) || fate.refusal === "invalid") {
    return [21211, `The 'To' number ${to} is not a valid phone number.`];
  }
  if (!from && !form.get("MessagingServiceSid")) {
    return [21603, "A 'From' phone number is required."];
  }
  if (from && !/^(?:\+[1-9]\d{6,14}|\d{3,6}|(?=.*[a-z])[\w &-]{1,11})$/i.test(from)) {
    return [21212, `The 'From' number ${from} is not a valid phone number.`];
  }
  if (!body) return [21602, "Message body is required."];
  if (body.length > 1600) {
    return [21617, "The concatenated message body exceeds the 1600 character limit."];
  }
  if (callback && !/^https?:\/\/[^_/?#]+(?:[/?#]|$)/.test(callback)) {
    return [21609, `The 'StatusCallback' URL ${callback} is not a valid URL.`];
  }
  if (fate.refusal === "opted_out") return [21610, "Attempt to send to unsubscribed recipient"];
  return null;
}

function newMessage(form: URLSearchParams, fate: Fate, latencyMs: number): Message {
  const now = Date.now();
  const body = form.get("Body") ?? "";
  return {
    id: `SM${crypto.randomUUID().replaceAll("-", "")}`,
    provider: "twilio",
    to: form.get("To") ?? "",
    // What a messaging service would choose from its pool.
    from: form.get("From") ?? "+15005550006",
    body,
    segments: countSegments(body).segments,
    messagingServiceSid: form.get("MessagingServiceSid"),
    validitySeconds: Number(form.get("ValidityPeriod")) || null,
    final: fate.final,
    errorCode: fate.errorCode ?? null,
    acceptedAt: now,
    sentAt: now + latencyMs,
    doneAt: now + 2 * latencyMs,
    canceledAt: null,
  };
}

function statusCallbacks(message: Message, fate: Fate, callbackUrl: string): OwedRequest[] {
  const dueTimes = [message.sentAt, message.doneAt];
  return callbackOrder(fate, message.sentAt, message.doneAt).map((at, index) =>
    statusCallback(message, callbackUrl, at, dueTimes[index] ?? message.doneAt)
  );
}

/** The callback that reports the message as it is at `at`. */
function statusCallback(message: Message, url: string, at: number, dueAt: number): OwedRequest {
  const status = twilioStatus(message, at);
  const params: Record<string, string> = {
    AccountSid: twilioAccountSid,
    ApiVersion: "2010-04-01",
    From: message.from,
    To: message.to,
    MessageSid: message.id,
    MessageStatus: status,
    SmsSid: message.id,
    SmsStatus: status,
  };
  if (message.messagingServiceSid) params["MessagingServiceSid"] = message.messagingServiceSid;
  if (status === "delivered" || status === "undelivered") {
    params["RawDlrDoneDate"] = new Date(at).toISOString().replace(/\D/g, "").slice(2, 12);
  }
  if (status === "undelivered" && message.errorCode !== null) {
    params["ErrorCode"] = String(message.errorCode);
  }
  // A fragment tells Twilio how to connect; it is neither requested nor signed.
  return { about: message.id, method: "POST", url: url.replace(/#.*$/, ""), params, dueAt };
}

function cancelMessage(carrier: Carrier, message: Message, form: URLSearchParams): CarrierAnswer {
  if (form.get("Status") !== "canceled") return failure(400, 20001, "Invalid Status");
  if (statusAt(message, Date.now()) !== "queued") {
    return failure(400, 30409, "Message cannot be canceled: it is not queued");
  }
  const canceled = { ...message, canceledAt: Date.now() };
  carrier.store.transaction(() => {
    carrier.store.updateMessage(canceled);
    carrier.store.forgive(message.id);
  });
  return { status: 200, json: toResource(canceled, Date.now()) };
}
