/** One e-mail to hand to a provider. */
export interface OutboundMail {
  /** Our id and edition of the e-mail, the same for every attempt. */
  key: string;
  to: { name: string; address: string };
  /** The display name of the sender. */
  fromName: string;
  subject: string;
  html: string;
  text: string;
}

/**
 * The outcome of one attempt to send:
 * - `accepted`: the provider accepted the e-mail.
 * - `rejected`: final for this e-mail; another attempt would get the same answer.
 * - `retry`: certainly not accepted, or the provider recognizes a second attempt as the same e-mail.
 * - `throttled`: certainly not accepted, because too many e-mails are sent at once.
 * - `outage`: certainly not accepted, because the provider cannot be reached or our credentials or settings are wrong.
 * - `unknown`: it may have been accepted, and another attempt could send a second copy.
 *
 * `reason` is for people and contains no address, host or secret of ours.
 */
export type MailOutcome =
  | { kind: "accepted"; providerMessageId: string | null }
  | { kind: "rejected" | "outage" | "unknown"; reason: string }
  | { kind: "retry" | "throttled"; reason: string; retryAfterSeconds?: number };

/** A provider that sends e-mails. `send` never throws. */
export interface MailProvider {
  name: "smtp" | "resend";
  /** Concurrent e-mails. */
  concurrency: number;
  /** The maximum duration of one `send`, in milliseconds. */
  timeoutMs: number;
  send(mail: OutboundMail): Promise<MailOutcome>;
  /** Closes the connections. */
  close(): void;
}

/** The sender's address, and the timeout of one attempt in milliseconds. */
export interface MailProviderOptions {
  from: string;
  timeoutMs?: number;
}

/** Untrusted text as one line that is safe for a header and a log. */
export function oneLine(text: string, max = 300): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ").replace(
    / {2,}/g,
    " ",
  ).trim();
  const letters = Array.from(line);
  return letters.length <= max ? line : `${letters.slice(0, max - 1).join("")}…`;
}
