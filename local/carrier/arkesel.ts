import { countSegments } from "../../supabase/functions/_shared/messaging/segments.ts";
import { callbackOrder, fateOf } from "./behaviour.ts";
import {
  type Carrier,
  lookedUp,
  type LookupFault,
  outageOf,
  oweCallbacks,
  toE164,
} from "./carrier.ts";
import { CARRIER_CREDENTIALS } from "./credentials.ts";
import type { CarrierAnswer, CarrierRequest } from "./http.ts";
import { type Message, type OwedRequest, statusAt } from "./store.ts";

const STATUSES = {
  queued: "QUEUED",
  sent: "SUBMITTED",
  delivered: "DELIVERED",
  undelivered: "NOT_DELIVERED",
  prohibited: "PROHIBITED",
  canceled: "EXPIRED",
} as const;

/** Arkesel's SMS API v2 as far as Signalbox uses it. */
export function handleArkesel(carrier: Carrier, request: CarrierRequest): CarrierAnswer {
  const { method, url } = request;
  const outage = outageOf(carrier, "arkesel", request);
  if (outage === "http500") return failure(503, "Service unavailable");
  if (outage === "refuse_auth") return failure(401, "Unauthenticated");
  if (request.header("api-key") !== CARRIER_CREDENTIALS.arkeselApiKey) {
    return failure(403, "Invalid API key or inactive gateway");
  }
  const route = `${method} ${url.pathname}`;
  if (route === "POST /api/v2/sms/send") {
    return outage === "no_balance"
      ? failure(402, "Insufficient balance")
      : send(carrier, request.body);
  }
  if (route === "POST /api/v2/sms/message-reports") return reports(carrier, request.body);
  if (route === "GET /api/v2/clients/balance-details") {
    const data = { sms_balance: "100000", main_balance: "GHS 1000.00" };
    return { status: 200, json: { status: "success", data } };
  }
  const [, id] = /^GET \/api\/v2\/sms\/([\w-]+)$/.exec(route) ?? [];
  const message = id === undefined ? null : carrier.store.message(id);
  if (message?.provider !== "arkesel") return failure(404, "message does not exist");
  return faulty(lookedUp(carrier, message.from)) ??
    { status: 200, json: { status: "success", data: details(message) } };
}

/** The answer to a question that fails, or null when it does not. */
function faulty(fault: LookupFault): CarrierAnswer | null {
  switch (fault) {
    case "http429":
      return { ...failure(429, "Too Many Attempts."), headers: { "retry-after": "120" } };
    case "http500":
      return failure(500, "Server Error");
    case "refuse_auth":
      return failure(403, "Invalid API key or inactive gateway");
    case "not_found":
      return failure(404, "message does not exist");
    case "junk":
      return { status: 200, json: { status: "success", data: ["lost in thought"] } };
    case "cut":
      return "cut";
    default:
      return null;
  }
}

function failure(status: number, message: string): Exclude<CarrierAnswer, "cut"> {
  return { status, json: { status: "error", message } };
}

interface SendBody {
  sender: string;
  message: string;
  recipients: string[];
  callback_url?: string;
}

function send(carrier: Carrier, rawBody: string): CarrierAnswer {
  const body = parseSend(rawBody);
  if (typeof body === "string") return failure(422, body);
  const numbers = body.recipients.map(toE164);
  const valid = numbers.filter((to) => isValid(to));
  if (valid.some((to) => fateOf(to).refusal === "busy" && carrier.isBusy(`arkesel ${to}`))) {
    return { ...failure(429, "Too Many Attempts."), headers: { "retry-after": "1" } };
  }
  const messages = valid.map((to) => newMessage(body, to, carrier.latencyMs));
  carrier.store.transaction(() => {
    for (const message of messages) {
      carrier.store.addMessage(message);
      oweCallbacks(carrier, message.from, callbacks(message, body.callback_url));
    }
  });
  carrier.wakeCallbacks();
  const answers = valid.map((to) => fateOf(to).answer);
  if (answers.includes("cut")) return "cut";
  if (answers.includes("error")) return failure(500, "Server Error");
  const accepted = messages.map(({ to, id }) => ({ recipient: to.slice(1), id }));
  const invalid = numbers.filter((to) => !isValid(to)).map((to) => to.slice(1));
  const data = invalid.length > 0 ? [...accepted, { "invalid numbers": invalid }] : accepted;
  return { status: 200, json: { status: "success", data } };
}

/** The body, or what is wrong with it. */
function parseSend(rawBody: string): SendBody | string {
  let body: Partial<Record<keyof SendBody, unknown>> | null;
  try {
    body = JSON.parse(rawBody);
  } catch {
    return "The request body is not JSON.";
  }
  const { sender, message, recipients, callback_url } = body ?? {};
  if (typeof sender !== "string" || sender === "") return "The sender field is required.";
  if (sender.length > 11) return "The sender may not be greater than 11 characters.";
  if (typeof message !== "string" || message === "") return "The message field is required.";
  if (!Array.isArray(recipients) || recipients.length === 0) {
    return "The recipients field is required.";
  }
  if (callback_url === undefined || callback_url === null) {
    return { sender, message, recipients: recipients.map(String) };
  }
  if (typeof callback_url !== "string" || !URL.canParse(callback_url)) {
    return "The callback url format is invalid.";
  }
  return { sender, message, recipients: recipients.map(String), callback_url };
}

function isValid(to: string): boolean {
  return /^\+[1-9]\d{8,14}$/.test(to) && fateOf(to).refusal !== "invalid";
}

function newMessage(body: SendBody, to: string, latencyMs: number): Message {
  const now = Date.now();
  const { final, errorCode } = fateOf(to);
  return {
    id: crypto.randomUUID(),
    provider: "arkesel",
    to,
    from: body.sender,
    body: body.message,
    segments: countSegments(body.message).segments,
    messagingServiceSid: null,
    final,
    errorCode: errorCode ?? null,
    acceptedAt: now,
    sentAt: now + latencyMs,
    doneAt: now + 2 * latencyMs,
    canceledAt: null,
  };
}

function callbacks(message: Message, callbackUrl: string | undefined): OwedRequest[] {
  if (callbackUrl === undefined) return [];
  const dueTimes = [message.sentAt, message.doneAt];
  return callbackOrder(fateOf(message.to), message.sentAt, message.doneAt).map((at, index) => ({
    about: message.id,
    method: "GET",
    url: withParams(callbackUrl, { sms_id: message.id, status: STATUSES[statusAt(message, at)] }),
    dueAt: dueTimes[index] ?? message.doneAt,
  }));
}

/** Appends to the query without touching what is there. */
function withParams(url: string, params: Record<string, string>): string {
  return `${url}${url.includes("?") ? "&" : "?"}${new URLSearchParams(params)}`;
}

function details(message: Message) {
  return {
    ID: message.id,
    status: STATUSES[statusAt(message, Date.now())],
    sender: message.from,
    recipient: message.to.slice(1),
    message: message.body,
    message_count: message.segments,
    sent_at_time: new Date(message.acceptedAt).toISOString().slice(0, 19).replace("T", " "),
  };
}

function reports(carrier: Carrier, rawBody: string): CarrierAnswer {
  const body: { msg_ids?: unknown } | null = JSON.parse(rawBody || "{}");
  if (!Array.isArray(body?.msg_ids)) return failure(422, "The msg ids field is required.");
  const data = body.msg_ids.map((id) => {
    const message = carrier.store.message(String(id));
    return [id, message === null ? "message does not exist" : details(message)];
  });
  return { status: 200, json: { status: "success", data: Object.fromEntries(data) } };
}
