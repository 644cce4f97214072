import { createHash } from "node:crypto";
import { importPKCS8, SignJWT } from "jose";
import { z } from "../zod.ts";
import { env } from "../env.ts";
import { GoogleError } from "./error.ts";
import { askGoogle, type GoogleOptions } from "./request.ts";

/**
 * The JSON key of a service account, as Google's console gives it, as far as it is needed. Its `token_uri` is never
 * called: the deployment says where Google is (`GOOGLE_TOKEN_URL`).
 */
export const ServiceAccount = z.object({
  client_email: z.email().max(254),
  private_key: z.string().max(10_000),
});
export type ServiceAccount = z.infer<typeof ServiceAccount>;

/** To read and write spreadsheets that were shared with the account, nothing else. */
export const SHEETS_SCOPE = "https://www.googleapis.com/auth/spreadsheets";

const lifetimeSeconds = 3600;
/** A token is asked for again this long before it ends, so that none ends on its way. */
const marginSeconds = 120;
const maxCached = 200;

interface Cached {
  token: string;
  usableUntil: number;
}

const cache = new Map<string, Cached>();

/** The whole key is part of the name: two organizations with one account's address do not share a token by it. */
const cacheKey = (account: ServiceAccount, url: string): string =>
  createHash("sha256").update(JSON.stringify([url, account.client_email, account.private_key]))
    .digest("hex");

/** The request that the account signs: RFC 7523, and https://developers.google.com/identity/protocols/oauth2/service-account */
async function assertion(account: ServiceAccount, audience: string, now: number): Promise<string> {
  const key = await importPKCS8(account.private_key, "RS256").catch(() => {
    throw new GoogleError("credentials", "The private key of the service account is not readable.");
  });
  const issuedAt = Math.floor(now / 1000);
  return await new SignJWT({ scope: SHEETS_SCOPE })
    .setProtectedHeader({ alg: "RS256", typ: "JWT" })
    .setIssuer(account.client_email)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .sign(key);
}

const Granted = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const Refused = z.object({ error: z.string(), error_description: z.string() }).partial();

/**
 * A new access token of a service account, whatever is cached: the check when an account is connected.
 * @throws GoogleError `credentials` if Google refuses the key, `pause` if it cannot say now
 */
export async function requestToken(
  account: ServiceAccount,
  options: GoogleOptions & { now?: () => number } = {},
): Promise<string> {
  const now = (options.now ?? Date.now)();
  const url = env.googleTokenUrl();
  const body = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: await assertion(account, url, now),
  });
  const { status, json } = await askGoogle(url, { method: "POST", body }, options);
  const granted = Granted.safeParse(json);
  if (status !== 200 || !granted.success) {
    const { error, error_description } = Refused.catch({}).parse(json);
    const why = (error_description ?? error ?? `status ${status}`).slice(0, 200);
    throw new GoogleError("credentials", `Google does not accept the service account: ${why}`);
  }
  const { access_token: token, expires_in } = granted.data;
  const [oldest] = cache.keys();
  if (cache.size >= maxCached && oldest !== undefined) cache.delete(oldest);
  cache.set(cacheKey(account, url), {
    token,
    usableUntil: now + Math.max(0, expires_in - marginSeconds) * 1000,
  });
  return token;
}

/** An access token of a service account, the cached one while it is good. @throws as `requestToken` */
export async function accessToken(
  account: ServiceAccount,
  options: GoogleOptions & { now?: () => number } = {},
): Promise<string> {
  const known = cache.get(cacheKey(account, env.googleTokenUrl()));
  if (known !== undefined && (options.now ?? Date.now)() < known.usableUntil) return known.token;
  return await requestToken(account, options);
}

/** Forgets a token that Google refused, so that the next call asks for a new one. */
export function forgetToken(account: ServiceAccount): void {
  cache.delete(cacheKey(account, env.googleTokenUrl()));
}
