import { CALLBACK_TOKEN_PARAM, verifyCallback } from "./callback_token.ts";
import {
  type DeliveryReport,
  type DeliveryStatus,
  type FailureClass,
  LookupError,
  type OutboundSms,
  type ProviderOptions,
  type SendOutcome,
  type SmsProvider,
  type WebhookRequest,
} from "./provider.ts";
import {
  type Answer,
  callProvider,
  isRecord,
  maskNumbers,
  textOf,
  webhookParams,
} from "./provider_http.ts";

const MAX_SENDER_LENGTH = 11;

/** Credentials of one Arkesel account. */
export interface ArkeselOptions extends ProviderOptions {
  apiKey: string;
  /**
   * The secret of `signCallback`. Arkesel signs nothing, so `verify` accepts a callback by the token
   * in its URL only, and none at all without this secret.
   */
  callbackSecret?: string;
}

/** Arkesel's SMS API v2. It cannot list messages, so there is no `find`, and has no inbound messages. */
export function createArkesel(options: ArkeselOptions): SmsProvider {
  const headers = {
    "api-key": options.apiKey,
    "content-type": "application/json",
    accept: "application/json",
  };
  return {
    name: "arkesel",
    async send(message) {
      if (message.from.length > MAX_SENDER_LENGTH) {
        return rejected("sender_too_long", "the sender has more than 11 characters");
      }
      const body = sendBody(message);
      const answer = await callProvider(options, "/api/v2/sms/send", { headers, body });
      if (answer.kind === "answer") return sendOutcome(answer);
      const { code, message: text } = answer;
      return answer.neverSent
        ? { kind: "outage", code, message: text }
        : { kind: "unknown", code, message: text };
    },
    async status(providerMessageId) {
      const path = `/api/v2/sms/${encodeURIComponent(providerMessageId)}`;
      const answer = await callProvider(options, path, { headers });
      if (answer.kind === "none") throw new LookupError("arkesel", answer.code);
      if (isUnknownId(answer)) return null;
      const { status, retryAfterSeconds } = answer;
      if (status !== 200) {
        throw new LookupError("arkesel", `http_${status}`, status, retryAfterSeconds);
      }
      const report = detailsReport(answer.json);
      if (report?.providerMessageId !== providerMessageId) throw new LookupError("arkesel", "junk");
      return report;
    },
    parseDelivery,
    parseInbound: () => null,
    verify: ({ url }) => verifyToken(options.callbackSecret, url),
  };
}

/**
 * What a final status of Arkesel means. `PROHIBITED` covers blocked content and blocked recipients
 * alike; since Arkesel does not say which, the number is not suppressed.
 */
export function arkeselClass(code: string | null): FailureClass {
  if (code === "PROHIBITED") return "filtered";
  return code === "EXPIRED" ? "transient" : "permanent";
}

function sendBody(message: OutboundSms): string {
  return JSON.stringify({
    sender: message.from,
    message: message.body,
    recipients: [message.to.replace(/^\+/, "")],
    callback_url: message.callbackUrl,
  });
}

function sendOutcome({ status, json, retryAfterSeconds }: Answer): SendOutcome {
  const message = maskNumbers(textOf(json, "message") ?? `HTTP ${status}`);
  const code = `http_${status}`;
  if (status >= 200 && status < 300) return acceptedOutcome(json);
  if (status >= 500 || status === 408) return { kind: "unknown", code, message };
  if (status === 429) return { kind: "retry", code, message, retryAfterSeconds };
  if (status < 400 || [401, 402, 403, 404].includes(status)) {
    return { kind: "outage", code, message };
  }
  return rejected(code, message);
}

/** Arkesel answers 200 also for an invalid number: the refusal is in the list of results. */
function acceptedOutcome(json: Record<string, unknown>): SendOutcome {
  const results = Array.isArray(json["data"]) ? json["data"].filter(isRecord) : [];
  const id = results.map((result) => textOf(result, "id")).find((one) => one !== null);
  if (id) return { kind: "accepted", providerMessageId: id, segments: null };
  const invalid = results.some((result) => "invalid numbers" in result);
  if (invalid) return { ...rejected("invalid_number", "invalid number"), invalidNumber: true };
  return { kind: "unknown", code: "no_id", message: "Arkesel answered without a message id" };
}

function rejected(code: string, message: string): Extract<SendOutcome, { kind: "rejected" }> {
  return { kind: "rejected", code, message, optOut: false, invalidNumber: false };
}

/** Arkesel says so in words, with 404 or 200; any other error says nothing about the message. */
function isUnknownId({ status, json }: Answer): boolean {
  const words = textOf(json, "message") ?? textOf(json, "response") ?? "";
  return [200, 404].includes(status) && json["status"] === "error" &&
    /not exist|not found/i.test(words);
}

const STATUSES: Readonly<Record<string, DeliveryStatus>> = {
  QUEUED: "queued",
  SUBMITTED: "sent",
  DELIVERED: "delivered",
  NOT_DELIVERED: "undelivered",
  EXPIRED: "undelivered",
  PROHIBITED: "failed",
  // Not documented, but what carriers behind it report (SMPP 3.4, 5.2.28 and appendix B).
  ACCEPTED: "queued",
  ACCEPTD: "queued",
  SENT: "sent",
  DELIVRD: "delivered",
  UNDELIVERED: "undelivered",
  UNDELIV: "undelivered",
  FAILED: "failed",
  REJECTD: "failed",
};

function detailsReport(json: Record<string, unknown>): DeliveryReport | null {
  const data = isRecord(json["data"]) ? json["data"] : {};
  return report(textOf(data, "ID") ?? textOf(data, "id"), textOf(data, "status"));
}

/** GET by documentation; a form or JSON body is accepted too, and a POST with the fields in its query. */
function parseDelivery(request: WebhookRequest): DeliveryReport | null {
  const params = { ...webhookParams({ ...request, method: "GET" }), ...webhookParams(request) };
  return report(textOf(params, "sms_id"), textOf(params, "status"));
}

function report(id: string | null, rawStatus: string | null): DeliveryReport | null {
  const name = rawStatus?.toUpperCase().replaceAll(" ", "_") ?? "";
  const status = STATUSES[name];
  if (id === null || status === undefined) return null;
  const failed = status === "undelivered" || status === "failed";
  const message = failed ? name.toLowerCase().replaceAll("_", " ") : null;
  return { providerMessageId: id, status, code: failed ? name : null, message, at: null };
}

function verifyToken(secret: string | undefined, url: string): boolean {
  if (!secret || !URL.canParse(url)) return false;
  const token = new URL(url).searchParams.get(CALLBACK_TOKEN_PARAM);
  return token !== null && verifyCallback(secret, token) !== null;
}
