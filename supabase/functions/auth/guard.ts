import type { Context } from "hono";
import { adminClient } from "../_shared/clients.ts";
import type { AppEnv, Caller } from "../_shared/context.ts";
import { fingerprint } from "../_shared/idempotency.ts";
import { Problem } from "../_shared/problem.ts";
import { limitSubject } from "../_shared/rate_limit.ts";

/**
 * Limits attempts by address and, where one is named, by account. One after the other: an address that is refused must
 * not empty the account's bucket. Accounts are hashed: an unknown address somebody typed is nothing to keep.
 * The service role is needed because these callers are nobody yet, and buckets are nobody's to write.
 */
export async function limitAttempts(c: Context<AppEnv>, account: string): Promise<void> {
  const admin = adminClient(c.var.requestHeaders, c.var.counter);
  await limitSubject(c, admin, "auth_address", c.var.clientIp ?? "unknown");
  const subject = await fingerprint([new TextEncoder().encode(account)]);
  await limitSubject(c, admin, "auth_account", subject);
}

/** The signed-in caller of a function that anyone may call. */
export function signedIn(c: Context<AppEnv>): Extract<Caller, { kind: "user" }> {
  const { caller } = c.var;
  if (caller.kind === "user") return caller;
  throw new Problem(401, "not_signed_in", "Send a valid access token as a bearer token.", {
    headers: { "www-authenticate": "Bearer" },
  });
}

const refusalMs = 400;

/**
 * Runs an attempt to sign in and answers a refusal only after a fixed time. Auth compares a password only where there is
 * an account, so without this the time would tell who has one.
 */
export async function refusedSlowly<T>(attempt: () => Promise<T>): Promise<T> {
  const floor = new Promise((resolve) => setTimeout(resolve, refusalMs));
  try {
    return await attempt();
  } catch (error) {
    await floor;
    throw error;
  }
}
