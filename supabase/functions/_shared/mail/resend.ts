import { z } from "../zod.ts";
import {
  type MailOutcome,
  type MailProvider,
  type MailProviderOptions,
  oneLine,
  type OutboundMail,
} from "./provider.ts";

/** An account at Resend. Tests replace `fetch`. */
export interface ResendOptions extends MailProviderOptions {
  apiKey: string;
  baseUrl: string;
  fetch?: typeof fetch;
}

const Accepted = z.object({ id: z.string() });
const Refusal = z.object({ name: z.string(), message: z.string() })
  .catch({ name: "", message: "" });

/**
 * Sends through Resend's HTTP API. The idempotency key of each e-mail makes a repeat within a day safe, so an unknown
 * outcome can be tried again. Sources: https://resend.com/docs/api-reference/emails/send-email, /errors,
 * https://resend.com/docs/dashboard/emails/idempotency-keys
 */
export function createResend(options: ResendOptions): MailProvider {
  const timeoutMs = options.timeoutMs ?? 20_000;
  return {
    name: "resend",
    // Resend allows a few requests per second.
    concurrency: 2,
    timeoutMs,
    async send(mail) {
      try {
        const response = await request(options, mail, timeoutMs);
        return outcomeOf(response, await response.text());
      } catch (error) {
        return neverConnected(error)
          ? { kind: "outage", reason: "Resend cannot be reached." }
          : { kind: "retry", reason: "Resend did not answer: the e-mail may have been sent." };
      }
    },
    close() {},
  };
}

function request(options: ResendOptions, mail: OutboundMail, timeoutMs: number): Promise<Response> {
  return (options.fetch ?? fetch)(`${options.baseUrl.replace(/\/+$/, "")}/emails`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${options.apiKey}`,
      "content-type": "application/json",
      "idempotency-key": mail.key,
    },
    body: JSON.stringify({
      from: mailbox(mail.fromName, options.from),
      to: [mail.to.address],
      subject: mail.subject,
      html: mail.html,
      text: mail.text,
      headers: { "Auto-Submitted": "auto-generated" },
    }),
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
}

/** A mailbox of RFC 5322: a quoted name and an address. */
function mailbox(name: string, address: string): string {
  return name === "" ? address : `"${name.replace(/["\\]/g, "\\$&")}" <${address}>`;
}

function outcomeOf(response: Response, text: string): MailOutcome {
  const body = parse(text);
  const { status } = response;
  if (status >= 200 && status < 300) {
    return { kind: "accepted", providerMessageId: Accepted.safeParse(body).data?.id ?? null };
  }
  const { name, message } = Refusal.parse(body);
  const reason = oneLine(`Resend: ${message || name || status}`);
  if (status === 409 && name === "invalid_idempotent_request") {
    return {
      kind: "unknown",
      reason: "The e-mail may have been sent: Resend has an earlier version of it.",
    };
  }
  if (status === 429 && !name.endsWith("quota_exceeded")) {
    return { kind: "throttled", reason, retryAfterSeconds: retryAfter(response) };
  }
  if (status === 409 || status >= 500) return { kind: "retry", reason };
  // The account or its configuration: an unknown key, a domain that is not verified, a quota.
  if ([401, 403, 404, 405, 429].includes(status) || status < 400) return { kind: "outage", reason };
  return { kind: "rejected", reason };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function retryAfter(response: Response): number {
  const seconds = Number(response.headers.get("retry-after") ?? 1);
  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), 3_600) : 1;
}

/** Deno reports `client error (Connect)` for every failure before the request is written. */
function neverConnected(error: unknown): boolean {
  for (let link: unknown = error; link instanceof Error; link = link.cause) {
    if (/client error \(Connect\)|ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(link.message)) return true;
  }
  return false;
}
