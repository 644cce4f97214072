import { createHash } from "node:crypto";
import { z } from "../zod.ts";
import { env, MissingEnvironment } from "../env.ts";
import { createArkesel } from "./arkesel.ts";
import type { SmsProvider } from "./provider.ts";
import { createTwilio } from "./twilio.ts";

/** How long one request to a provider may take. After that the outcome of a send is unknown. */
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

const Fingerprinted = z.object({ provider_account: z.string() });

/**
 * The fingerprint of the provider account that a message goes through, as the database keeps it with the message. For a
 * tenant's credentials the database supplies it; for the platform's it is null if the deployment has no such account.
 */
export function accountFingerprint(
  provider: SmsProvider["name"],
  credentials: unknown,
  platform = platformAccounts(),
): string | null {
  if (credentials === undefined) return platform[provider] ?? null;
  return Fingerprinted.parse(credentials).provider_account;
}

/** The fingerprints of the platform's own accounts, by provider; providers without one are missing. */
export function platformAccounts(): { [provider: string]: string } {
  const twilio = configured(() => env.twilio().accountSid);
  const arkesel = configured(() => env.arkesel().apiKey);
  return {
    ...(twilio === null ? {} : { twilio: fingerprint(`twilio:${twilio}`) }),
    ...(arkesel === null ? {} : { arkesel: fingerprint(`arkesel:${arkesel}`) }),
  };
}

// The same as private.provider_account, because a tenant may store the platform's account as its own.
const fingerprint = (account: string): string =>
  createHash("sha256").update(account).digest("hex").slice(0, 16);

function configured(read: () => string): string | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof MissingEnvironment) return null;
    throw error;
  }
}
