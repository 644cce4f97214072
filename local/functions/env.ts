import { join } from "node:path";
import { parseEnv } from "node:util";
import { CARRIER_CREDENTIALS } from "../carrier/credentials.ts";
import { readIfThere } from "../files.ts";
import { CALLBACK_SIGNING_SECRET, INNER_SECRET, PUBLISHABLE_KEY } from "../keys.ts";
import { REQUEST_SIGNING_KEY, SECRET_KEY, SIGNING_KEY, signingKeySet } from "../keys.ts";
import type { Status } from "../status_file.ts";

/** What functions must know of the stack they run in. */
interface Surroundings {
  status: Status;
  /** The API's address for functions only; the Supabase CLI's stack has one too. */
  functionsUrl: string;
  smtpPort: number;
}

/** What the platform sets on hosted Supabase too. */
function platformVariables({ status, functionsUrl }: Surroundings): Record<string, string> {
  return {
    SUPABASE_URL: functionsUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: PUBLISHABLE_KEY }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: SECRET_KEY }),
    SUPABASE_JWKS: JSON.stringify(signingKeySet()),
    SUPABASE_JWT_SECRET: INNER_SECRET,
    SUPABASE_ANON_KEY: PUBLISHABLE_KEY,
    SUPABASE_SERVICE_ROLE_KEY: SECRET_KEY,
    SUPABASE_DB_URL: status.db_url,
  };
}

/** What an operator would set as function secrets. */
function projectVariables({ status, smtpPort }: Surroundings): Record<string, string> {
  return {
    TWILIO_BASE_URL: status.carrier_url,
    TWILIO_ACCOUNT_SID: CARRIER_CREDENTIALS.twilioAccountSid,
    TWILIO_AUTH_TOKEN: CARRIER_CREDENTIALS.twilioAuthToken,
    ARKESEL_BASE_URL: status.carrier_url,
    ARKESEL_API_KEY: CARRIER_CREDENTIALS.arkeselApiKey,
    GOOGLE_TOKEN_URL: `${status.google_url}/token`,
    GOOGLE_SHEETS_URL: status.google_url,
    PUBLIC_SUPABASE_URL: status.api_url,
    CALLBACK_SIGNING_SECRET,
    REQUEST_SIGNING_KEY,
    TOKEN_SIGNING_KEY: JSON.stringify(SIGNING_KEY),
    WEBHOOK_ALLOWED_NETWORKS: "127.0.0.0/8",
    TRUSTED_IP_HEADER: "cf-connecting-ip",
    SMTP_HOST: "127.0.0.1",
    SMTP_PORT: String(smtpPort),
    RESEND_BASE_URL: `${status.mail_url}/resend`,
    EMAIL_FROM: "no-reply@signalbox.test",
    ALLOWED_ORIGINS: "*",
    APP_URL: status.api_url,
  };
}

/**
 * Sets the environment all functions share. The process's own variables win over `supabase/functions/.env`,
 * which wins over the defaults; `SUPABASE_*` always describe this stack.
 */
export function setFunctionEnvironment(projectDir: string, surroundings: Surroundings): void {
  const secrets = parseEnv(readIfThere(join(projectDir, "supabase", "functions", ".env")) ?? "");
  const defaults = { ...projectVariables(surroundings), ...secrets };
  for (const [name, value] of Object.entries(defaults)) {
    if (value !== undefined && !Deno.env.has(name)) Deno.env.set(name, value);
  }
  for (const [name, value] of Object.entries(platformVariables(surroundings))) {
    Deno.env.set(name, value);
  }
}
