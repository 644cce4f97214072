import { createHash } from "node:crypto";
import type { Context } from "hono";
import { z } from "./zod.ts";
import { isApiKey, looksLikeApiKey } from "./api_key_form.ts";
import { keepAlive } from "./background.ts";
import { adminClient } from "./clients.ts";
import type { AppEnv, Caller } from "./context.ts";
import { log } from "./log.ts";
import { fromPostgres } from "./problem.ts";
import { signToken } from "./signed_token.ts";
import { parseTimestamp } from "./timestamp.ts";

/** How long a token made for a key is used, and how long it would last. Both end earlier with the key. */
const [reuseMs, lifetimeMs] = [60_000, 300_000];
const maxCached = 2_000;

type KeyCaller = Extract<Caller, { kind: "user" }>;

interface Exchanged {
  caller: Promise<KeyCaller | null>;
  until: number;
}

const cache = new Map<string, Exchanged>();

/** The API key of a request: X-API-Key, or a bearer token that looks like one. */
export function apiKeyOf(c: Context<AppEnv>): string | undefined {
  const header = c.req.header("x-api-key");
  if (header !== undefined && header !== "") return header;
  const [, bearer = ""] = /^Bearer (.+)$/.exec(c.req.header("authorization") ?? "") ?? [];
  return looksLikeApiKey(bearer) ? bearer : undefined;
}

const Account = z.object({
  key_id: z.uuid(),
  secret_id: z.uuid(),
  ends_at: z.string().nullable(),
}).nullable();

const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

const addressed = (c: Context<AppEnv>) =>
  c.var.clientIp === undefined ? {} : { address: c.var.clientIp };

/** Without the caller's keys for idempotency, which belong to the request itself. */
function admin(c: Context<AppEnv>) {
  const { "idempotency-key": _key, "x-idempotency-fingerprint": _fingerprint, ...headers } =
    c.var.requestHeaders;
  return adminClient(headers, c.var.counter);
}

/** The service role is needed because nobody else may look secrets up. */
async function exchange(c: Context<AppEnv>, hash: string, entry: Exchanged) {
  const { data, error } = await admin(c).rpc("exchange_api_key", {
    secret_hash: hash,
    ...addressed(c),
  });
  if (error) throw fromPostgres(error);
  const account = Account.parse(data);
  if (account === null) return null;
  const end = account.ends_at === null ? Infinity : parseTimestamp(account.ends_at);
  entry.until = Math.min(Date.now() + reuseMs, end);
  keepAlive(recordUse(c, account.key_id));
  const token = await signToken({
    subject: account.key_id,
    sessionId: account.secret_id,
    expiresAt: Math.min(Date.now() + lifetimeMs, end),
    claims: { token_use: "api_key", ...addressed(c) },
  });
  return {
    kind: "user" as const,
    userId: account.key_id,
    token,
    sessionId: account.secret_id,
    delegation: "api_key" as const,
  };
}

/** Never in the way of the request: it is made after the exchange, once a minute and key at most. */
async function recordUse(c: Context<AppEnv>, key_id: string): Promise<void> {
  const { error } = await admin(c).rpc("record_api_key_use", { key_id, ...addressed(c) });
  if (error) log("warn", "api_key_use_not_recorded", { request_id: c.var.requestId });
}

const placeOf = (c: Context<AppEnv>, key: string) => `${hashOf(key)} ${c.var.clientIp ?? ""}`;

/**
 * The account of an API key with a token for the Data API; null for a key that does not hold. A wrong checksum costs no
 * call, a key in use one a minute.
 * @throws Problem 403 from a network that the key does not allow, 429 after too many unknown keys
 */
export async function callerWithKey(c: Context<AppEnv>, key: string): Promise<KeyCaller | null> {
  if (!isApiKey(key)) return null;
  const place = placeOf(c, key);
  const known = cache.get(place);
  if (known && known.until > Date.now()) return await known.caller;
  if (cache.size >= maxCached) cache.clear();
  const entry: Exchanged = { caller: Promise.resolve(null), until: Date.now() + 10_000 };
  entry.caller = exchange(c, hashOf(key), entry);
  cache.set(place, entry);
  try {
    const caller = await entry.caller;
    if (caller === null) cache.delete(place);
    return caller;
  } catch (error) {
    cache.delete(place);
    throw error;
  }
}

/** Forgets the token of a request's key, after the database answered that it has ended. */
export function forgetApiKey(c: Context<AppEnv>): void {
  const key = apiKeyOf(c);
  if (key !== undefined) cache.delete(placeOf(c, key));
}
