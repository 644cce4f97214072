import type {
  DeliveryReport,
  DeliveryStatus,
  InboundSms,
  ProviderFacts,
  WebhookRequest,
} from "./provider.ts";
import { maskNumbers, textOf, webhookParams } from "./provider_http.ts";
import { describeTwilioError } from "./twilio_errors.ts";
import { callbackFacts, resourceFacts } from "./twilio_facts.ts";

const STATUSES: Readonly<Record<string, DeliveryStatus>> = {
  accepted: "queued",
  scheduled: "queued",
  queued: "queued",
  sending: "sending",
  sent: "sent",
  partially_delivered: "sent",
  delivered: "delivered",
  read: "delivered",
  undelivered: "undelivered",
  failed: "failed",
  canceled: "canceled",
};

/** The report in a Message resource; null without an id or a known status. */
export function resourceReport(resource: Record<string, unknown>): DeliveryReport | null {
  const at = Date.parse(textOf(resource, "date_updated") ?? "");
  return report({
    id: textOf(resource, "sid"),
    status: textOf(resource, "status"),
    code: textOf(resource, "error_code"),
    message: textOf(resource, "error_message"),
    at: Number.isNaN(at) ? null : new Date(at).toISOString(),
    facts: resourceFacts(resource),
  });
}

/** A status callback (form, JSON or query); null when it is something else. */
export function parseDelivery(request: WebhookRequest): DeliveryReport | null {
  const params = webhookParams(request);
  return report({
    id: sidOf(params, "MessageSid") ?? sidOf(params, "SmsSid"),
    status: textOf(params, "MessageStatus") ?? textOf(params, "SmsStatus"),
    code: textOf(params, "ErrorCode"),
    message: textOf(params, "ErrorMessage"),
    at: dlrDate(textOf(params, "RawDlrDoneDate")),
    facts: callbackFacts(params),
  });
}

/**
 * The id of a message, or null unless it has exactly that form. Twilio signs names and values without separators: somebody
 * who intercepts a request could lengthen its id by the fields that follow and replay it as a new message.
 */
function sidOf(params: Record<string, unknown>, key: string): string | null {
  const id = textOf(params, key);
  return id !== null && /^[SM]M[0-9a-f]{32}$/i.test(id) ? id : null;
}

type Field = string | null;

interface RawReport {
  id: Field;
  status: Field;
  code: Field;
  message: Field;
  at: Field;
  facts: ProviderFacts | null;
}

function report(raw: RawReport): DeliveryReport | null {
  const status = STATUSES[raw.status ?? ""];
  if (raw.id === null || status === undefined) return null;
  const code = raw.code === "0" ? null : raw.code;
  const message = raw.message === null ? describeTwilioError(code) : maskNumbers(raw.message);
  return {
    providerMessageId: raw.id,
    status,
    code,
    message,
    at: raw.at,
    ...(raw.facts === null ? {} : { facts: raw.facts }),
  };
}

/** Carriers write `YYMMDDhhmm` in UTC. */
function dlrDate(value: string | null): string | null {
  const [, year, month, day, hour, minute] = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(value ?? "") ??
    [];
  const at = Date.parse(`20${year}-${month}-${day}T${hour}:${minute}:00Z`);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** An inbound message; null when it is something else. */
export function parseInbound(request: WebhookRequest): InboundSms | null {
  const params = webhookParams(request);
  const [id, from, to] = [
    sidOf(params, "MessageSid"),
    textOf(params, "From"),
    textOf(params, "To"),
  ];
  const media = mediaUrls(params);
  // A status callback has MessageStatus; an inbound message has a Body, even an empty one, or media.
  if (!id || !from || !to || "MessageStatus" in params) return null;
  if (typeof params["Body"] !== "string" && media.length === 0) return null;
  const optOutType = textOf(params, "OptOutType");
  const facts = callbackFacts(params);
  return {
    providerMessageId: id,
    from,
    to,
    body: textOf(params, "Body") ?? "",
    mediaUrls: media,
    optOutType,
    ...(facts === null ? {} : { facts }),
  };
}

/** All media in order, whatever NumMedia says. */
function mediaUrls(params: Record<string, unknown>): string[] {
  return Object.keys(params).flatMap((key) => /^MediaUrl(\d{1,4})$/.exec(key)?.[1] ?? [])
    .sort((a, b) => Number(a) - Number(b))
    .flatMap((place) => textOf(params, `MediaUrl${place}`) ?? []);
}
