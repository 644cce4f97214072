import { env } from "../_shared/env.ts";
import {
  accountFingerprint,
  arkeselAccount,
  platformAccounts,
  twilioAccount,
} from "../_shared/messaging/accounts.ts";
import { CALLBACK_TOKEN_PARAM, signCallback } from "../_shared/messaging/callback_token.ts";
import type { SendOutcome, SmsProvider } from "../_shared/messaging/provider.ts";
import { perItem } from "../_shared/jobs/per_item.ts";
import type { ClaimedMessage } from "./workers.ts";
import { validityOf } from "./validity.ts";

const callbackPaths = { twilio: "/twilio/status", arkesel: "/arkesel/delivery" };

/**
 * Sends one message through its account; accounts are made once a run, and again when their credentials change. A message
 * goes through the account that is kept with it or not at all: that account alone is believed when it says that it has no
 * such message. Never throws: an account that cannot be used is an outage of that account, and what fails later may have
 * been sent.
 */
export function sender(): (message: ClaimedMessage, credentials: unknown) => Promise<SendOutcome> {
  const accountOf = accounts();
  const secret = env.callbackSigningSecret();
  const base = env.webhookBaseUrl();
  const platform = platformAccounts();
  return async (message, credentials) => {
    const validity = validityOf(message.expires_at, Date.now());
    if ("tooLate" in validity) return validity.tooLate;
    const item = { message_id: message.id, account_id: message.account_id };
    const account = await perItem(
      "dispatch-messages",
      item,
      () =>
        accountFingerprint(message.provider, credentials, platform) === message.provider_account
          ? accountOf(message, credentials)
          : "changed",
      () => "unusable" as const,
    );
    if (account === "changed") return accountChanged;
    if (account === "unusable") return accountUnusable;
    const token = signCallback(secret, message.id);
    return await perItem(
      "dispatch-messages",
      item,
      () =>
        account.send({
          ...message,
          ...(validity.seconds !== undefined && { validitySeconds: validity.seconds }),
          callbackUrl: `${base}${callbackPaths[message.provider]}?${CALLBACK_TOKEN_PARAM}=${token}`,
        }),
      (): SendOutcome => ({ kind: "unknown", code: "internal", message: "The attempt failed." }),
    );
  };
}

/** Changed between the statement that claimed the message and the one that read the credentials. */
const accountChanged: SendOutcome = {
  kind: "retry",
  code: "account_changed",
  message: "the sender's credentials changed",
  retryAfterSeconds: null,
};

const accountUnusable: SendOutcome = {
  kind: "outage",
  code: "credentials",
  message: "the sender's credentials cannot be used",
};

function accounts(): (message: ClaimedMessage, credentials: unknown) => SmsProvider {
  const made = new Map<string, SmsProvider>();
  return (message, credentials) => {
    const key = `${message.account_id} ${JSON.stringify(credentials)}`;
    const known = made.get(key);
    if (known) return known;
    const account = message.provider === "twilio"
      ? twilioAccount(credentials)
      : arkeselAccount(credentials);
    made.set(key, account);
    return account;
  };
}
