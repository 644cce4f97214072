/** One e-mail to hand to a provider. */
export interface OutboundMail {
  /** Our own id of it and its edition: stays the same however often it is tried. */
  key: string;
  to: { name: string; address: string };
  /** The name that the sender's address carries. */
  fromName: string;
  subject: string;
  html: string;
  text: string;
}

/**
 * What became of one attempt to send:
 * - `accepted`: the provider has it.
 * - `rejected`: final for this e-mail; another try would get the same answer.
 * - `retry`: surely not accepted, or the provider will recognize a second try as the same e-mail.
 * - `throttled`: surely not accepted, because too much is sent at once.
 * - `outage`: nobody there, credentials or configuration wrong: nothing can go out. Surely not accepted.
 * - `doubt`: it may have been accepted, and a second try could be a second copy.
 *
 * `reason` is for people and names no address, host or secret of ours.
 */
export type MailOutcome =
  | { kind: "accepted"; providerMessageId: string | null }
  | { kind: "rejected" | "outage" | "doubt"; reason: string }
  | { kind: "retry" | "throttled"; reason: string; retryAfterSeconds?: number };

/** A way for e-mails to leave. `send` never throws. */
export interface MailProvider {
  name: "smtp" | "resend";
  /** E-mails under way at once. */
  concurrency: number;
  /** The longest that one `send` takes, in milliseconds. */
  timeoutMs: number;
  send(mail: OutboundMail): Promise<MailOutcome>;
  /** Hangs up. */
  close(): void;
}

/** The sender's address, and how long one attempt may take. */
export interface MailProviderOptions {
  from: string;
  timeoutMs?: number;
}

/** What somebody else wrote, as one line that is fit for a header, a log and people. */
export function oneLine(text: string, max = 300): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ").replace(
    / {2,}/g,
    " ",
  ).trim();
  const letters = Array.from(line);
  return letters.length <= max ? line : `${letters.slice(0, max - 1).join("")}…`;
}
