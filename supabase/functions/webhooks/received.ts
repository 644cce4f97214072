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
 * The request as the provider made it. Inside the platform the URL is an internal one, so the public address comes from
 * configuration and only the path and the raw query from the request.
 */
export async function webhookRequest(c: Context<AppEnv>): Promise<WebhookRequest> {
  const path = new URL(c.req.url).pathname.replace(/^\/webhooks/, "");
  // As it came: URL would escape some characters anew, and the signature is over the characters.
  const query = c.req.url.includes("?") ? c.req.url.slice(c.req.url.indexOf("?")) : "";
  return {
    method: c.req.method,
    url: `${env.webhookBaseUrl()}${path}${query}`,
    headers: c.req.raw.headers,
    rawBody: await c.req.text(),
  };
}

/** The service role: a provider is no user, and only it may record receipts. The request has proved where it comes from. */
export const recorder = (c: Context<AppEnv>): Client =>
  adminClient(c.var.requestHeaders, c.var.counter);

/** The message that the token in a callback's URL names, or null without a valid one. */
export function tokenMessage(url: string): string | null {
  const token = new URL(url).searchParams.get(CALLBACK_TOKEN_PARAM);
  return token === null ? null : verifyCallback(env.callbackSigningSecret(), token);
}

/** The 403 for what a provider cannot have sent. */
export const forged = (): Problem =>
  new Problem(403, "signature_invalid", "The request is not signed by the provider.");

/** Tries at a record that others keep from being written at this moment (deadlock). */
const maxTries = 3;

/**
 * What the database answers to what a provider brings. A provider tries again after a 5xx and after nothing else, so that
 * what passes by itself is tried again here, and is a 503 at last.
 */
export async function taken(
  record: () => PromiseLike<Parameters<typeof unwrap<Json>>[0]>,
): Promise<NonNullable<Json>> {
  for (let tries = 1;; tries++) {
    try {
      return unwrap(await record());
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 409) throw error;
      if (tries < maxTries) continue;
      throw new Problem(503, "try_again", "This could not be taken now.", { cause: error });
    }
  }
}

const Recorded = z.object({ known: z.boolean(), changed: z.boolean() });

/** Records a verified report. Reports of messages that we do not know are logged and forgotten: asking again helps nobody. */
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
  const answer = await taken(() => recorder(c).rpc("record_receipt", given));
  if (!Recorded.parse(answer).known) {
    log("warn", "receipt_unknown", { provider, request_id: c.var.requestId });
  }
}
