import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { AppEnv } from "./context.ts";
import { env } from "./env.ts";

const exposed = [
  "etag",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
  "x-request-id",
  "x-total-count",
  "content-disposition",
];
const exposedList = exposed.join(",");

function allowedOrigin(origin: string): string | null {
  const allowed = env.allowedOrigins();
  return allowed.includes("*") ? "*" : allowed.includes(origin) ? origin : null;
}

const preflight = cors({
  origin: allowedOrigin,
  allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
  allowHeaders: [
    "authorization",
    "apikey",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "last-event-id",
    "x-api-key",
    "x-client-info",
    "x-organization-id",
    "x-request-id",
  ],
  exposeHeaders: exposed,
  maxAge: 86_400,
});

/**
 * CORS for the origins that the deployment allows. Hono's middleware answers preflights only: on other requests it sets
 * headers before there is a response, which Hono then builds four times.
 */
export const corsHeaders: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.req.method === "OPTIONS") return await preflight(c, next);
  await next();
  const { headers } = c.res;
  const origin = allowedOrigin(c.req.header("origin") ?? "");
  if (origin) headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", exposedList);
  headers.append("vary", "Origin");
};
