import type { Context } from "hono";
import { adminClient } from "../_shared/clients.ts";
import type { AppEnv, Caller } from "../_shared/context.ts";
import { fingerprint } from "../_shared/idempotency.ts";
import { Problem } from "../_shared/problem.ts";
import { limitSubject } from "../_shared/rate_limit.ts";

/**
 * Limits attempts by IP address, then by account: a refused IP address must not empty the account's bucket. Accounts are
 * hashed, because an e-mail address without an account must not be stored.
 * The service role is needed because these callers are not signed in.
 * @throws Problem 429
 */
export async function limitAttempts(c: Context<AppEnv>, account: string): Promise<void> {
  const admin = adminClient(c.var.requestHeaders, c.var.counter);
  await limitSubject(c, admin, "auth_address", c.var.clientIp ?? "unknown");
  const subject = await fingerprint([new TextEncoder().encode(account)]);
  await limitSubject(c, admin, "auth_account", subject);
}

/**
 * The signed-in caller of a public function.
 * @throws Problem 401
 */
export function signedIn(c: Context<AppEnv>): Extract<Caller, { kind: "user" }> {
  const { caller } = c.var;
  if (caller.kind === "user") return caller;
  throw new Problem(401, "not_signed_in", "Send a valid access token as a bearer token.", {
    headers: { "www-authenticate": "Bearer" },
  });
}

const minRefusalMs = 400;

/**
 * Runs a sign-in attempt; a refusal takes at least a fixed time. Auth compares passwords only for existing accounts, so
 * otherwise the response time would reveal which accounts exist.
 */
export async function withRefusalDelay<T>(attempt: () => Promise<T>): Promise<T> {
  const delay = new Promise((resolve) => setTimeout(resolve, minRefusalMs));
  try {
    return await attempt();
  } catch (error) {
    await delay;
    throw error;
  }
}
