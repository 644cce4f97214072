/** One message to hand to a provider. */
export interface OutboundSms {
  /** Our own id (a UUID); it never reaches the provider except inside `callbackUrl`. */
  id: string;
  /** E.164. */
  to: string;
  /** E.164, a short code, an alphanumeric sender, or (Twilio) a messaging service `MG…`. */
  from: string;
  body: string;
  /** Where the provider reports delivery; its query string must come back unchanged. */
  callbackUrl: string;
  /** How long the provider may keep trying, in seconds. */
  validitySeconds?: number;
}

/**
 * The outcome of one attempt to send:
 * - `accepted`: the provider has the message and returned its id. `segments` is the provider's count, if it gives one.
 * - `rejected`: final for this message; another attempt would get the same answer.
 * - `retry`: certainly not processed; a later attempt may succeed.
 * - `outage`: account, credentials, balance, configuration, or no connection at all; no message of this
 *   account can be sent. Certainly not processed.
 * - `unknown`: no clear answer (timeout, cut connection, 5xx). It must not simply be sent again.
 *
 * `message` is for people; phone numbers in it are masked.
 */
export type SendOutcome =
  | { kind: "accepted"; providerMessageId: string; segments: number | null }
  | {
    kind: "rejected";
    code: string;
    message: string;
    optOut: boolean;
    invalidNumber: boolean;
  }
  | { kind: "retry"; code: string; message: string; retryAfterSeconds: number | null }
  | { kind: "outage"; code: string; message: string }
  | { kind: "unknown"; code: string; message: string };

/** Our names for the statuses that providers report, in the order in which they may follow each other. */
export type DeliveryStatus =
  | "queued"
  | "sending"
  | "sent"
  | "delivered"
  | "undelivered"
  | "failed"
  | "canceled";

/** What a provider reports about a message beside its status, as the database keeps it. */
export interface ProviderFacts {
  /** A decimal; providers write costs as negative numbers. */
  price?: string;
  currency?: string;
  segments?: number;
  /** Unknown fields of the request. */
  reported?: Record<string, string>;
}

/** A provider's report about one message, by callback or on request. */
export interface DeliveryReport {
  providerMessageId: string;
  status: DeliveryStatus;
  /** The provider's error code, for `undelivered` and `failed`. */
  code: string | null;
  message: string | null;
  /** When it happened, ISO 8601 in UTC, if the provider says so. */
  at: string | null;
  facts?: ProviderFacts;
}

/** A message that a person sent to one of our numbers. */
export interface InboundSms {
  providerMessageId: string;
  from: string;
  to: string;
  body: string;
  mediaUrls: string[];
  /** `STOP`, `HELP` or `START` where the provider recognized the keyword itself. */
  optOutType: string | null;
  facts?: ProviderFacts;
}

/** One page of the messages sent from a number on a day (UTC); `next` is null on the last. */
export interface SentPage {
  reports: DeliveryReport[];
  next: string | null;
}

/** What a failed delivery means for the number and for another attempt. */
export type FailureClass =
  | "permanent"
  | "transient"
  | "filtered"
  | "optOut"
  | "invalidNumber"
  | "outage";

/** A request that claims to come from a provider, as received. */
export interface WebhookRequest {
  method: string;
  /** The public URL with its query string exactly as it was requested. */
  url: string;
  headers: Headers;
  rawBody: string;
}

/** Which messages to look for when the outcome of an attempt is unknown. */
export interface FindQuery {
  to: string;
  /** When the attempt began, by our clock. */
  since: Date;
  body: string;
  /** The sender of the attempt; without it any sender matches. */
  from?: string;
}

/**
 * A lookup without a clear answer. Nothing may be concluded from it. `refused` means that the provider rejected the account
 * (credentials, rate), so that further lookups are useless for now.
 */
export class LookupError extends Error {
  override readonly name = "Error";
  readonly code: string;
  readonly refused: boolean;
  readonly retryAfterSeconds: number | null;

  constructor(provider: string, code: string, status = 0, retryAfterSeconds: number | null = null) {
    super(`${provider} lookup: ${code}`);
    this.code = code;
    this.refused = [401, 402, 403, 429].includes(status);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** An SMS provider. `send` never throws; lookups throw `LookupError` when they get no clear answer. */
export interface SmsProvider {
  name: "twilio" | "arkesel";
  send(message: OutboundSms): Promise<SendOutcome>;
  /** The state of one message; null when the provider does not know it. */
  status(providerMessageId: string): Promise<DeliveryReport | null>;
  /**
   * The provider's messages that may be the one sought, newest first. An empty array means that it
   * certainly has none; if that is not certain, this throws. Callers ignore ids that belong to
   * other messages.
   */
  find?(query: FindQuery): Promise<DeliveryReport[]>;
  /**
   * What was sent from a number on a day (`YYYY-MM-DD`, UTC), a page at a time: `page` is the `next` of the page before,
   * null for the first.
   */
  sentOn?(from: string, day: string, page: string | null): Promise<SentPage>;
  /** Null when the request is not a delivery report. */
  parseDelivery(request: WebhookRequest): DeliveryReport | null;
  /** Null when the request is not an inbound message. */
  parseInbound(request: WebhookRequest): InboundSms | null;
  /** Whether the provider signed the request. */
  verify(request: Pick<WebhookRequest, "url" | "headers" | "rawBody">): Promise<boolean> | boolean;
}

/**
 * Options that both adapters share. `fetch` is replaceable for tests; `timeoutMs` bounds one request
 * with its answer (default 10,000).
 */
export interface ProviderOptions {
  baseUrl: string;
  fetch?: typeof fetch;
  timeoutMs?: number;
}
