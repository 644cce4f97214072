import { isRefusal } from "./bodies.ts";
import { CALLBACK_FATES, type Carrier, LOOKUP_FAULTS, OUTAGES, toE164 } from "./carrier.ts";
import { CARRIER_CREDENTIALS } from "./credentials.ts";
import type { CarrierAnswer, CarrierRequest } from "./http.ts";
import { type Message, statusAt } from "./store.ts";

type Fields = Record<string, unknown>;

/** What people and tests do with the carrier: look, answer as a handset, break things. */
export function handleControl(carrier: Carrier, request: CarrierRequest): CarrierAnswer {
  const body: Fields = request.body === "" ? {} : JSON.parse(request.body);
  switch (`${request.method} ${request.url.pathname}`) {
    case "GET /messages":
      return ok(listMessages(carrier, request.url.searchParams));
    case "DELETE /messages":
      carrier.store.clear();
      return ok({});
    case "POST /reply":
      return reply(carrier, body);
    case "GET /replies":
      return ok(carrier.store.replies());
    case "GET /callbacks":
      return ok({ owed: carrier.store.owedCount(), paused: carrier.callbacksPaused });
    case "POST /callbacks/pause":
    case "POST /callbacks/resume":
      carrier.callbacksPaused = request.url.pathname.endsWith("pause");
      carrier.wakeCallbacks();
      return ok({});
    default:
      return handleSettings(carrier, request, body);
  }
}

function handleSettings(carrier: Carrier, request: CarrierRequest, body: Fields): CarrierAnswer {
  switch (`${request.method} ${request.url.pathname}`) {
    case "POST /inbound-url":
      if (typeof body["url"] !== "string" || !URL.canParse(body["url"])) return bad("url");
      carrier.inboundUrl = body["url"];
      return ok({});
    case "POST /latency": {
      const ms = Number(body["ms"] ?? NaN);
      if (!(ms >= 0)) return bad("ms");
      carrier.latencyMs = ms;
      return ok({});
    }
    case "POST /outage": {
      const { provider, mode, from } = body;
      if (provider !== "twilio" && provider !== "arkesel") return bad("provider");
      const outage = OUTAGES.find((one) => one === mode);
      if (outage === undefined) return bad("mode");
      carrier.outage[provider] = { mode: outage, from: typeof from === "string" ? from : null };
      return ok({});
    }
    case "POST /chunked-bodies": {
      const { provider, refusal } = body;
      if (provider !== "twilio" && provider !== "arkesel") return bad("provider");
      if (!isRefusal(refusal)) return bad("refusal");
      carrier.chunkedBodies[provider] = { refusal, refused: 0 };
      return ok({});
    }
    case "GET /chunked-bodies":
      return ok(carrier.chunkedBodies);
    case "POST /lookups": {
      const fault = LOOKUP_FAULTS.find((one) => one === body["mode"]);
      if (typeof body["from"] !== "string") return bad("from");
      if (fault === undefined) return bad("mode");
      carrier.lookups.set(body["from"], { fault, asked: 0 });
      return ok({});
    }
    case "GET /lookups": {
      const from = request.url.searchParams.get("from") ?? "";
      return ok({ asked: carrier.lookups.get(from)?.asked ?? 0 });
    }
    case "POST /callbacks/fate": {
      const fate = CALLBACK_FATES.find((one) => one === body["mode"]);
      if (typeof body["from"] !== "string") return bad("from");
      if (fate === undefined) return bad("mode");
      carrier.callbackFates.set(body["from"], fate);
      return ok({});
    }
    default:
      return {
        status: 404,
        json: { message: `no ${request.method} ${request.url.pathname} here` },
      };
  }
}

function ok(json: unknown): CarrierAnswer {
  return { status: 200, json };
}

function bad(field: string): CarrierAnswer {
  return { status: 400, json: { message: `${field} is missing or invalid` } };
}

/** In order of acceptance; `limit` keeps the first ones, `newest` the last ones, `from` those of these senders. */
function listMessages(carrier: Carrier, query: URLSearchParams) {
  const to = query.get("to");
  const senders = query.getAll("from");
  const limit = Number(query.get("limit") ?? Infinity);
  const newest = query.get("newest");
  if (newest !== null) return newestMessages(carrier, Number(newest));
  const listed = [];
  for (const message of carrier.store.messages(to === null ? null : toE164(to))) {
    if (listed.length >= limit) break;
    if (senders.length > 0 && !senders.includes(message.from)) continue;
    listed.push(listedMessage(message));
  }
  return listed;
}

function newestMessages(carrier: Carrier, wanted: number) {
  const listed = [];
  for (const { message } of carrier.store.messagesBefore(Number.MAX_SAFE_INTEGER, null)) {
    if (listed.length >= wanted) break;
    listed.push(listedMessage(message));
  }
  return listed.reverse();
}

function listedMessage(message: Message) {
  const { id, provider, to, from, body, segments } = message;
  const status = statusAt(message, Date.now());
  return {
    id,
    provider,
    to,
    from,
    body,
    segments,
    validity_seconds: message.validitySeconds ?? null,
    status,
    accepted_at: new Date(message.acceptedAt).toISOString(),
  };
}

/** A handset answers: Twilio's inbound webhook, tried again until it gets through. */
function reply(carrier: Carrier, { from, to, body }: Fields): CarrierAnswer {
  if (typeof from !== "string" || typeof to !== "string") return bad("from or to");
  if (typeof body !== "string") return bad("body");
  if (carrier.inboundUrl === null) {
    return { status: 409, json: { message: "set the inbound URL first: POST /inbound-url" } };
  }
  const id = `SM${crypto.randomUUID().replaceAll("-", "")}`;
  const received = new Date().toISOString();
  const url = carrier.inboundUrl.replace(/#.*$/, "");
  carrier.store.transaction(() => {
    carrier.store.saveReply({ id, from, to, body, received_at: received, answer: null });
    carrier.store.owe({
      about: id,
      method: "POST",
      url,
      params: inboundParams(id, from, to, body),
      dueAt: Date.now(),
    });
  });
  carrier.wakeCallbacks();
  return { status: 202, json: { id, from, to, body } };
}

function inboundParams(id: string, from: string, to: string, body: string) {
  return {
    AccountSid: CARRIER_CREDENTIALS.twilioAccountSid,
    ApiVersion: "2010-04-01",
    Body: body,
    From: from,
    MessageSid: id,
    NumMedia: "0",
    NumSegments: "1",
    SmsMessageSid: id,
    SmsSid: id,
    SmsStatus: "received",
    To: to,
  };
}
