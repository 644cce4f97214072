import { z } from "../_shared/zod.ts";
import type { Context } from "hono";
import type { AppEnv } from "../_shared/context.ts";
import { env } from "../_shared/env.ts";
import { log } from "../_shared/log.ts";
import { twilioAccount } from "../_shared/messaging/accounts.ts";
import type { SmsProvider, WebhookRequest } from "../_shared/messaging/provider.ts";
import { textOf, webhookParams } from "../_shared/messaging/provider_http.ts";
import { unwrap } from "../_shared/problem.ts";
import { limitSubject } from "../_shared/rate_limit.ts";
import { invalidSignature, recorder } from "./received.ts";

const Owned = z.array(z.looseObject({ organization_id: z.string() }));

/** Whose credentials signed a request: it counts for their organizations' numbers and messages only. */
export interface Signer {
  /** The organizations whose credentials signed it; absent: the platform's. */
  signed_by?: string[];
}

/**
 * The Twilio account that signed the request. Requests of the platform's own account are verified without the database.
 * Other account ids cost a query, so addresses that send unverifiable ones are rate limited; verified requests are never
 * counted, since Twilio does not repeat a message that is answered with 429.
 * @throws Problem 403 when no account of ours signed it, 429 when that happens often.
 */
export async function verifiedTwilio(
  c: Context<AppEnv>,
  request: WebhookRequest,
): Promise<{ twilio: SmsProvider; signer: Signer }> {
  if (!request.headers.has("x-twilio-signature")) throw invalidSignature();
  const accountSid = textOf(webhookParams(request), "AccountSid") ?? "";
  if (accountSid === env.twilio().accountSid) {
    const platform = twilioAccount();
    if (await platform.verify(request)) return { twilio: platform, signer: {} };
    throw invalidSignature();
  }
  const known = unwrap(
    await recorder(c).rpc("webhook_credentials", {
      provider: "twilio",
      account_reference: accountSid,
    }),
  );
  // Several tenants may have stored this account id, with tokens that need not be right.
  const signed_by: string[] = [];
  let twilio: SmsProvider | undefined;
  for (const credentials of Owned.parse(known)) {
    const tenant = await accountThatSigned(credentials, request);
    if (tenant === null) continue;
    twilio ??= tenant;
    signed_by.push(credentials.organization_id);
  }
  if (twilio) return { twilio, signer: { signed_by } };
  await limitSubject(c, recorder(c), "webhook_refused", c.var.clientIp ?? "unknown");
  throw invalidSignature();
}

/** The account with these credentials, if it signed the request. Credentials that cannot be used sign nothing. */
async function accountThatSigned(
  credentials: z.infer<typeof Owned>[number],
  request: WebhookRequest,
): Promise<SmsProvider | null> {
  try {
    const account = twilioAccount(credentials);
    return await account.verify(request) ? account : null;
  } catch {
    log("warn", "credentials_unusable", { organization_id: credentials.organization_id });
    return null;
  }
}
