import type { Context, MiddlewareHandler } from "hono";
import { z } from "./zod.ts";
import type { Client } from "./clients.ts";
import type { AppEnv } from "./context.ts";
import { Problem, unwrap } from "./problem.ts";

const Bucket = z.object({
  allowed: z.boolean(),
  quota: z.number(),
  remaining: z.number(),
  window_seconds: z.number(),
  retry_after: z.number(),
});

/**
 * Sets the headers of draft-ietf-httpapi-ratelimit-headers: the policy and what remains.
 * @throws Problem 429 with Retry-After (seconds) if the bucket is empty
 */
function applyBucket(c: Context<AppEnv>, kind: string, row: unknown): void {
  const bucket = Bucket.parse(row);
  const headers = {
    "ratelimit-policy": `"${kind}";q=${bucket.quota};w=${bucket.window_seconds}`,
    "ratelimit": `"${kind}";r=${bucket.remaining};t=${Math.max(1, bucket.retry_after)}`,
  };
  // On the context, not on the problem, where headers of an earlier bucket of the same request would win.
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  if (!bucket.allowed) {
    throw new Problem(429, "rate_limited", "Too many requests. Wait and try again.", {
      headers: { "retry-after": String(Math.max(1, bucket.retry_after)) },
    });
  }
}

/** Limits a route per user, with a round trip of its own: a refused request must count too. */
export function rateLimited(kind: "send" | "upload"): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    applyBucket(c, kind, unwrap(await c.var.db.rpc("take_rate_limit", { kind })));
    await next();
  };
}

/** Limits callers without a user, by IP address or account. `admin` is needed because only it may take their tokens. */
export async function limitSubject(
  c: Context<AppEnv>,
  admin: Client,
  kind: "auth_address" | "auth_account" | "webhook_refused",
  subject: string,
): Promise<void> {
  applyBucket(c, kind, unwrap(await admin.rpc("take_rate_limit_of", { kind, subject })));
}
