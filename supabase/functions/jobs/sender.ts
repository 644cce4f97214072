import { env } from "../_shared/env.ts";
import {
  accountFingerprint,
  arkeselAccount,
  platformAccounts,
  twilioAccount,
} from "../_shared/messaging/accounts.ts";
import { CALLBACK_TOKEN_PARAM, signCallback } from "../_shared/messaging/callback_token.ts";
import type { SendOutcome, SmsProvider } from "../_shared/messaging/provider.ts";
import type { ClaimedMessage } from "./workers.ts";
import { validityOf } from "./validity.ts";

const callbackPaths = { twilio: "/twilio/status", arkesel: "/arkesel/delivery" };

/**
 * Sends one message through its account; accounts are made once a run, and anew when their credentials change. A text goes
 * through the account that is kept with it or not at all: that account alone is believed when it says that it has no such
 * text.
 */
export function sender() {
  const accounts = new Map<string, SmsProvider>();
  const secret = env.callbackSigningSecret();
  const base = env.webhookBaseUrl();
  const platform = platformAccounts();
  return (message: ClaimedMessage, credentials: unknown): Promise<SendOutcome> => {
    const validity = validityOf(message.expires_at, Date.now());
    if ("tooLate" in validity) return Promise.resolve(validity.tooLate);
    // Changed between the statement that claimed it and the one that read the credentials.
    if (accountFingerprint(message.provider, credentials, platform) !== message.provider_account) {
      return Promise.resolve({
        kind: "retry",
        code: "account_changed",
        message: "the sender's credentials changed",
        retryAfterSeconds: null,
      });
    }
    const key = `${message.account_id} ${JSON.stringify(credentials)}`;
    let account = accounts.get(key);
    if (account === undefined) {
      account = message.provider === "twilio"
        ? twilioAccount(credentials)
        : arkeselAccount(credentials);
      accounts.set(key, account);
    }
    const token = signCallback(secret, message.id);
    return account.send({
      ...message,
      ...(validity.seconds !== undefined && { validitySeconds: validity.seconds }),
      callbackUrl: `${base}${callbackPaths[message.provider]}?${CALLBACK_TOKEN_PARAM}=${token}`,
    });
  };
}
