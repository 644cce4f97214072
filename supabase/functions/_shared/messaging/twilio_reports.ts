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

/** What a Message resource says; null for one that is without an id or a status that we know. */
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
    id: textOf(params, "MessageSid") ?? textOf(params, "SmsSid"),
    status: textOf(params, "MessageStatus") ?? textOf(params, "SmsStatus"),
    code: textOf(params, "ErrorCode"),
    message: textOf(params, "ErrorMessage"),
    at: dlrDate(textOf(params, "RawDlrDoneDate")),
    facts: callbackFacts(params),
  });
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

/** `YYMMDDhhmm` in UTC, as carriers write it. */
function dlrDate(value: string | null): string | null {
  const [, year, month, day, hour, minute] = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(value ?? "") ??
    [];
  const at = Date.parse(`20${year}-${month}-${day}T${hour}:${minute}:00Z`);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** An inbound text; null when it is something else. */
export function parseInbound(request: WebhookRequest): InboundSms | null {
  const params = webhookParams(request);
  const [id, from, to] = ["MessageSid", "From", "To"].map((key) => textOf(params, key));
  // A status callback has MessageStatus; an inbound text has a Body, be it an empty one (MMS).
  if (!id || !from || !to || "MessageStatus" in params || typeof params["Body"] !== "string") {
    return null;
  }
  const mediaUrls = Array.from(
    { length: Math.min(10, Number(params["NumMedia"]) || 0) },
    (_, index) => textOf(params, `MediaUrl${index}`) ?? "",
  ).filter((url) => url !== "");
  const optOutType = textOf(params, "OptOutType");
  const facts = callbackFacts(params);
  return {
    providerMessageId: id,
    from,
    to,
    body: params["Body"],
    mediaUrls,
    optOutType,
    ...(facts === null ? {} : { facts }),
  };
}
