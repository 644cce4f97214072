import type { JSONWebKeySet, JWK } from "jose";

/** The only module that reads environment variables. Supabase sets those that begin with SUPABASE_. */

function optional(name: string): string | undefined {
  const value = Deno.env.get(name);
  return value === undefined || value === "" ? undefined : value;
}

/** A variable that the deployment must set is missing; the request gets 500. */
export class MissingEnvironment extends Error {
  constructor(name: string) {
    super(`The environment variable ${name} is not set.`);
  }
}

function required(name: string): string {
  const value = optional(name);
  if (value === undefined) throw new MissingEnvironment(name);
  return value;
}

/** API keys by their names, as hosted Supabase sets them, or the only one. */
function apiKeys(kind: "PUBLISHABLE" | "SECRET"): Record<string, string> {
  const named = optional(`SUPABASE_${kind}_KEYS`);
  return named === undefined ? { default: required(`SUPABASE_${kind}_KEY`) } : JSON.parse(named);
}

function defaultKey(kind: "PUBLISHABLE" | "SECRET"): string {
  const keys = apiKeys(kind);
  const key = keys["default"] ?? Object.values(keys)[0];
  if (key === undefined) throw new MissingEnvironment(`SUPABASE_${kind}_KEYS`);
  return key;
}

function wholeNumber(name: string, fallback: number): number {
  const value = Number(optional(name) ?? fallback);
  return Number.isInteger(value) && value >= 0 ? value : fallback;
}

/** Settings of this deployment. Each is read on use, so a function needs only the variables that it uses. */
export const env = {
  supabaseUrl: () => required("SUPABASE_URL"),
  publishableKey: () => defaultKey("PUBLISHABLE"),
  secretKey: () => defaultKey("SECRET"),
  /** Any of them identifies the project's own services. */
  secretKeys: () => Object.values(apiKeys("SECRET")),
  /** The JSON Web Key Set that verifies access tokens; null where Auth is asked for it. */
  signingKeys: (): JSONWebKeySet | null => {
    const set = optional("SUPABASE_JWKS");
    if (set === undefined) return null;
    const parsed = JSON.parse(set);
    return Array.isArray(parsed) ? { keys: parsed } : parsed;
  },
  /**
   * The private key (JWK, ES256, with its `kid`) that was imported into the project, for the tokens of API keys and
   * impersonations.
   */
  tokenSigningKey: (): JWK & { kid: string } => {
    const jwk = JSON.parse(required("TOKEN_SIGNING_KEY"));
    if (typeof jwk.kid !== "string") throw new MissingEnvironment("TOKEN_SIGNING_KEY (its kid)");
    return jwk;
  },
  /**
   * The header in which the platform sets the client's IP address, lower case; none is believed when unset. Only a header
   * that the platform overwrites whatever the client sends, such as `cf-connecting-ip` behind Cloudflare.
   */
  trustedIpHeader: () => optional("TRUSTED_IP_HEADER")?.toLowerCase(),
  /** The key with which functions prove to the database where a request comes from; Vault has the same. */
  requestSigningKey: () => optional("REQUEST_SIGNING_KEY"),
  /** The project's URL as people reach it; other than `SUPABASE_URL` only where functions have one of their own. */
  publicUrl: () =>
    (optional("PUBLIC_SUPABASE_URL") ?? required("SUPABASE_URL")).replace(/\/+$/, ""),
  /** Origins that browsers may call from, comma-separated; `*` for any; none when unset. */
  allowedOrigins: () =>
    (optional("ALLOWED_ORIGINS") ?? "").split(",").map((o) => o.trim()).filter(Boolean),
  /** URL of the frontend, for links in e-mails. */
  appUrl: () => optional("APP_URL"),
  /** How e-mails are sent: `smtp` (the default) or `resend`. */
  emailProvider: () => optional("EMAIL_PROVIDER") === "resend" ? "resend" : "smtp",
  /** The sender address of e-mails. */
  emailFrom: () => optional("EMAIL_FROM") ?? required("SMTP_FROM_EMAIL"),
  smtp: () => ({
    host: required("SMTP_HOST"),
    port: wholeNumber("SMTP_PORT", 587),
    secure: optional("SMTP_SECURE") === undefined ? undefined : optional("SMTP_SECURE") === "true",
    username: optional("SMTP_USERNAME"),
    password: optional("SMTP_PASSWORD"),
  }),
  resend: () => ({
    apiKey: required("RESEND_API_KEY"),
    baseUrl: env.resendBaseUrl(),
  }),
  resendBaseUrl: () => optional("RESEND_BASE_URL") ?? "https://api.resend.com",
  /** Seconds before the second attempt to send an e-mail; five times that before the third. */
  emailRetrySeconds: () => wholeNumber("EMAIL_RETRY_SECONDS", 120),
  /** Seconds after which a sender that has not reported the outcomes of its e-mails counts as dead. */
  emailLeaseSeconds: () => wholeNumber("EMAIL_LEASE_SECONDS", 300),
  sentryDsn: () => optional("SENTRY_DSN"),
  /** The public URL of the webhooks function, which providers call and sign. */
  webhookBaseUrl: () =>
    (optional("PUBLIC_WEBHOOK_BASE_URL") ?? `${env.publicUrl()}/functions/v1/webhooks`)
      .replace(/\/+$/, ""),
  /** Networks (CIDR, comma-separated) that webhooks may go to although they are not public; none on a public deployment. */
  webhookAllowedNetworks: () =>
    (optional("WEBHOOK_ALLOWED_NETWORKS") ?? "").split(",").map((n) => n.trim()).filter(Boolean),
  callbackSigningSecret: () => required("CALLBACK_SIGNING_SECRET"),
  /** Seconds that a message with an unknown outcome waits for its callback before the provider is asked. */
  messageSettleSeconds: () => wholeNumber("MESSAGE_SETTLE_SECONDS", 600),
  /** Concurrent requests of one dispatcher to providers. */
  dispatchConcurrency: () => wholeNumber("DISPATCH_CONCURRENCY", 100),
  twilio: () => ({
    accountSid: required("TWILIO_ACCOUNT_SID"),
    authToken: required("TWILIO_AUTH_TOKEN"),
  }),
  twilioBaseUrl: () => optional("TWILIO_BASE_URL") ?? "https://api.twilio.com",
  arkesel: () => ({ apiKey: required("ARKESEL_API_KEY") }),
  arkeselBaseUrl: () => optional("ARKESEL_BASE_URL") ?? "https://sms.arkesel.com",
  /** Where service accounts get their tokens; also the audience that they sign. */
  googleTokenUrl: () => optional("GOOGLE_TOKEN_URL") ?? "https://oauth2.googleapis.com/token",
  googleSheetsUrl: () =>
    (optional("GOOGLE_SHEETS_URL") ?? "https://sheets.googleapis.com").replace(/\/+$/, ""),
};
