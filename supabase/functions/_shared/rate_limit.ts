import type { Context, MiddlewareHandler } from "hono";
import { z } from "./zod.ts";
import type { Client } from "./clients.ts";
import type { AppEnv } from "./context.ts";
import { Problem, unwrap } from "./problem.ts";

/*
 * SQL functions take their tokens themselves (`private.rate_limit_refusal`): their refusal is a 429 of the Data API, which
 * `fromPostgres` converts, and their RateLimit headers are passed on by the clients. What is here is for callers whose
 * work is not one SQL function.
 */

const Bucket = z.object({
  allowed: z.boolean(),
  kind: z.string(),
  quota: z.number(),
  remaining: z.number(),
  window_seconds: z.number(),
  retry_after: z.number(),
});

/**
 * Sets the headers of draft-ietf-httpapi-ratelimit-headers: the policy and what remains.
 * @throws Problem 429 with Retry-After (seconds) if the bucket is empty
 */
function applyBucket(c: Context<AppEnv>, row: unknown): void {
  const bucket = Bucket.parse(row);
  const seconds = String(Math.max(1, bucket.retry_after));
  c.var.counter.rateLimit = {
    "ratelimit-policy": `"${bucket.kind}";q=${bucket.quota};w=${bucket.window_seconds}`,
    "ratelimit": `"${bucket.kind}";r=${bucket.remaining};t=${seconds}`,
  };
  if (!bucket.allowed) {
    throw new Problem(429, "rate_limited", "Too many requests. Wait and try again.", {
      headers: { "retry-after": seconds },
    });
  }
}

/** Limits a route per user, with a round trip of its own. For routes that work before they call a SQL function. */
export function rateLimited(kind: "live" | "upload"): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    applyBucket(c, unwrap(await c.var.db.rpc("take_rate_limit", { kind })));
    await next();
  };
}

/** Limits callers without a user, by IP address. `admin` is needed because only it may take their tokens. */
export async function limitSubject(
  c: Context<AppEnv>,
  admin: Client,
  kind: "webhook_refused",
  subject: string,
): Promise<void> {
  applyBucket(c, unwrap(await admin.rpc("take_rate_limit_of", { kind, subject })));
}
