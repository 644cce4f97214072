import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { AppEnv } from "./context.ts";
import { env } from "./env.ts";

/** CORS for the origins that the deployment allows. */
export function corsHeaders(): MiddlewareHandler<AppEnv> {
  return cors({
    origin: (origin) => {
      const allowed = env.allowedOrigins();
      return allowed.includes("*") ? "*" : allowed.includes(origin) ? origin : null;
    },
    allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    allowHeaders: [
      "authorization",
      "apikey",
      "content-type",
      "idempotency-key",
      "if-match",
      "last-event-id",
      "x-client-info",
      "x-organization-id",
      "x-request-id",
    ],
    exposeHeaders: [
      "etag",
      "ratelimit",
      "ratelimit-policy",
      "retry-after",
      "x-request-id",
      "content-disposition",
    ],
    maxAge: 86_400,
  });
}
