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
 * Headers of draft-ietf-httpapi-ratelimit-headers: the policy, and what is left of it.
 * @throws Problem 429 with Retry-After (seconds) when the bucket is empty.
 */
function applyBucket(c: Context<AppEnv>, kind: string, row: unknown): void {
  const bucket = Bucket.parse(row);
  const headers = {
    "ratelimit-policy": `"${kind}";q=${bucket.quota};w=${bucket.window_seconds}`,
    "ratelimit": `"${kind}";r=${bucket.remaining};t=${Math.max(1, bucket.retry_after)}`,
  };
  // On the context, not on the problem: what an earlier bucket of the same request has put there would win over it.
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  if (!bucket.allowed) {
    throw new Problem(429, "rate_limited", "Too many requests. Wait and try again.", {
      headers: { "retry-after": String(Math.max(1, bucket.retry_after)) },
    });
  }
}

/** Limits a route per user. A bucket is one round trip of its own: a refused request must count too. */
export function rateLimited(kind: "send" | "upload"): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    applyBucket(c, kind, unwrap(await c.var.db.rpc("take_rate_limit", { kind })));
    await next();
  };
}

/** Limits callers that are no users, by address or account. `admin` is needed because buckets are nobody's to write. */
export async function limitSubject(
  c: Context<AppEnv>,
  admin: Client,
  kind: "auth_address" | "auth_account" | "webhook_refused",
  subject: string,
): Promise<void> {
  applyBucket(c, kind, unwrap(await admin.rpc("take_rate_limit_of", { kind, subject })));
}
