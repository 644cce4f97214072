import { z } from "../zod.ts";
import { env } from "../env.ts";
import { createArkesel } from "./arkesel.ts";
import type { SmsProvider } from "./provider.ts";
import { createTwilio } from "./twilio.ts";

/** How long one request to a provider may take. What takes longer is in doubt. */
export const providerTimeoutMs = 10_000;

const TwilioCredentials = z.object({ account_sid: z.string(), auth_token: z.string() });
const ArkeselCredentials = z.object({ api_key: z.string() });

/** The platform's own Twilio account, or the one whose credentials a tenant stored. */
export function twilioAccount(credentials?: unknown): SmsProvider {
  const own = credentials === undefined ? undefined : TwilioCredentials.parse(credentials);
  return createTwilio({
    ...(own ? { accountSid: own.account_sid, authToken: own.auth_token } : env.twilio()),
    baseUrl: env.twilioBaseUrl(),
    timeoutMs: providerTimeoutMs,
  });
}

/** The platform's own Arkesel account, or the one whose credentials a tenant stored. */
export function arkeselAccount(credentials?: unknown): SmsProvider {
  const own = credentials === undefined ? undefined : ArkeselCredentials.parse(credentials);
  return createArkesel({
    apiKey: own ? own.api_key : env.arkesel().apiKey,
    baseUrl: env.arkeselBaseUrl(),
    timeoutMs: providerTimeoutMs,
  });
}
