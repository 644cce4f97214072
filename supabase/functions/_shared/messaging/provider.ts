/** One text to hand to a provider. */
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
 * What became of one attempt to send:
 * - `accepted`: the provider has it and named it. `segments` is its own count, where it gives one.
 * - `rejected`: final for this message; another try would get the same answer.
 * - `retry`: the provider certainly did not process it; a later try may succeed.
 * - `outage`: account, credentials, balance, configuration, or no connection at all; nothing of this
 *   organization can go out. Certainly not processed.
 * - `unknown`: in doubt (timeout, cut connection, 5xx). It must not be sent again blindly.
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

/** Our names for what both providers report, in the order in which they may follow each other. */
export type DeliveryStatus =
  | "queued"
  | "sending"
  | "sent"
  | "delivered"
  | "undelivered"
  | "failed"
  | "canceled";

/** What a provider says of a message beside its status; as the database keeps it. */
export interface ProviderFacts {
  /** A decimal; providers write what we pay as a negative number. */
  price?: string;
  currency?: string;
  segments?: number;
  /** Fields of the request that we do not know. */
  reported?: Record<string, string>;
}

/** What a provider says about one message, by callback or on request. */
export interface DeliveryReport {
  providerMessageId: string;
  status: DeliveryStatus;
  /** The provider's error code, for `undelivered` and `failed`. */
  code: string | null;
  message: string | null;
  /** When it happened, ISO 8601 in UTC, where the provider says so. */
  at: string | null;
  facts?: ProviderFacts;
}

/** A text that a person sent to one of our numbers. */
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

/** One page of the texts that went out from a number on a day (UTC); `next` is null on the last. */
export interface SentPage {
  reports: DeliveryReport[];
  next: string | null;
}

/** What a failed delivery means for the number and for another try. */
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

/** Which messages to look for when an attempt to send stayed in doubt. */
export interface FindQuery {
  to: string;
  /** When the attempt began, by our clock. */
  since: Date;
  body: string;
  /** The sender of the attempt; without it any sender matches. */
  from?: string;
}

/**
 * A look-up that got no clear answer. Nothing may be concluded from it. `refused` means that the provider turned the
 * account away (credentials, rate), so that asking on is of no use now.
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

/** A carrier of texts. `send` never throws; lookups throw `LookupError` when they got no clear answer. */
export interface SmsProvider {
  name: "twilio" | "arkesel";
  send(message: OutboundSms): Promise<SendOutcome>;
  /** The state of one message; null when the provider does not know it. */
  status(providerMessageId: string): Promise<DeliveryReport | null>;
  /**
   * The provider's messages that may be the one in doubt, newest first. An empty array means that
   * it surely has none; where that is not sure, this throws. Callers leave out ids that they
   * already know as other messages.
   */
  find?(query: FindQuery): Promise<DeliveryReport[]>;
  /**
   * What went out from a number on a day (`YYYY-MM-DD`, UTC), a page at a time: `page` is the `next` of the page before,
   * null for the first.
   */
  sentOn?(from: string, day: string, page: string | null): Promise<SentPage>;
  /** Null when the request is not a delivery report. */
  parseDelivery(request: WebhookRequest): DeliveryReport | null;
  /** Null when the request is not an inbound text. */
  parseInbound(request: WebhookRequest): InboundSms | null;
  /** Whether the request truly comes from the provider. */
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
