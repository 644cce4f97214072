import { z } from "../_shared/zod.ts";
import type { Context } from "hono";
import { adminClient, type Client } from "../_shared/clients.ts";
import type { Json } from "../_shared/database.types.ts";
import type { AppEnv } from "../_shared/context.ts";
import { env } from "../_shared/env.ts";
import { log } from "../_shared/log.ts";
import { CALLBACK_TOKEN_PARAM, verifyCallback } from "../_shared/messaging/callback_token.ts";
import type { DeliveryReport, WebhookRequest } from "../_shared/messaging/provider.ts";
import { Problem, unwrap } from "../_shared/problem.ts";
import type { Signer } from "./twilio_caller.ts";

/**
 * The request as the provider sent it. Inside the platform its URL is internal: the public address comes from configuration,
 * the path and the raw query from the request.
 */
export async function webhookRequest(c: Context<AppEnv>): Promise<WebhookRequest> {
  const path = new URL(c.req.url).pathname.replace(/^\/webhooks/, "");
  // Unparsed: URL would escape some characters again, and the signature covers the characters as sent.
  const query = c.req.url.includes("?") ? c.req.url.slice(c.req.url.indexOf("?")) : "";
  return {
    method: c.req.method,
    url: `${env.webhookBaseUrl()}${path}${query}`,
    headers: c.req.raw.headers,
    rawBody: await c.req.text(),
  };
}

/** A client with the service role, which may record what providers report, for requests whose signature was verified. */
export const recorder = (c: Context<AppEnv>): Client =>
  adminClient(c.var.requestHeaders, c.var.counter);

/** The message that the token in a callback's URL names, or null without a valid one. */
export function tokenMessage(url: string): string | null {
  const token = new URL(url).searchParams.get(CALLBACK_TOKEN_PARAM);
  return token === null ? null : verifyCallback(env.callbackSigningSecret(), token);
}

/** The 403 for a request that no provider signed. */
export const invalidSignature = (): Problem =>
  new Problem(403, "signature_invalid", "The request is not signed by the provider.");

/** Attempts at a write that conflicts with another transaction (deadlock). */
const maxTries = 3;

/**
 * Records a provider's request, with retries after a conflict with another transaction. A provider repeats a request only after
 * a 5xx, so that the last conflict becomes a 503.
 */
export async function recordWithRetry(
  record: () => PromiseLike<Parameters<typeof unwrap<Json>>[0]>,
): Promise<NonNullable<Json>> {
  for (let tries = 1;; tries++) {
    try {
      return unwrap(await record());
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 409) throw error;
      if (tries < maxTries) continue;
      throw new Problem(503, "try_again", "The request could not be recorded now.", {
        cause: error,
      });
    }
  }
}

const Recorded = z.object({ known: z.boolean(), changed: z.boolean() });

/** Records a verified report. Reports about unknown messages are logged and answered as usual: a repeat would not help. */
export async function recordReport(
  c: Context<AppEnv>,
  provider: "twilio" | "arkesel",
  messageId: string | null,
  report: DeliveryReport,
  optedOut: boolean,
  signer?: Signer,
): Promise<void> {
  const given = {
    provider,
    provider_message_id: report.providerMessageId,
    status: report.status,
    ...(messageId === null ? {} : { message_id: messageId }),
    ...(report.code === null ? {} : { code: report.code }),
    ...(report.message === null ? {} : { detail: report.message }),
    opt_out: optedOut,
    ...signer,
    ...(report.facts === undefined ? {} : { facts: { ...report.facts } }),
  };
  const answer = await recordWithRetry(() => recorder(c).rpc("record_receipt", given));
  if (!Recorded.parse(answer).known) {
    log("warn", "receipt_unknown", { provider, request_id: c.var.requestId });
  }
}
