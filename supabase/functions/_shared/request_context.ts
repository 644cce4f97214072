import type { Context, MiddlewareHandler } from "hono";
import type { AppEnv } from "./context.ts";
import { log } from "./log.ts";

/** Sets the context variables of a request, its response headers, and writes its log line. */
export function requestContext(name: string): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const started = performance.now();
    const sent = c.req.header("x-request-id");
    const requestId = sent !== undefined && /^[\w.-]{1,100}$/.test(sent)
      ? sent
      : crypto.randomUUID();
    const clientIp = addressOf(c);
    c.set("requestId", requestId);
    c.set("clientIp", clientIp);
    c.set("caller", { kind: "anonymous" });
    c.set("counter", { calls: 0 });
    c.set("requestHeaders", {
      "x-request-id": requestId,
      ...(clientIp ? { "x-client-ip": clientIp } : {}),
    });
    await next();
    const ms = Math.round(performance.now() - started);
    c.header("x-request-id", requestId);
    for (const [name, value] of Object.entries(c.var.counter.rateLimit ?? {})) {
      c.header(name, value);
    }
    c.header("server-timing", `total;dur=${ms}, data-api;desc="${c.var.counter.calls} calls"`);
    const { caller } = c.var;
    log(c.res.status >= 500 ? "error" : "info", "request", {
      function: name,
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms,
      data_api_calls: c.var.counter.calls,
      user_id: caller.kind === "user" ? caller.userId : caller.kind,
      organization_id: c.var.actor?.organizationId,
    });
  };
}

/**
 * The caller's IP address. Hosted projects are behind Cloudflare, which sets cf-connecting-ip itself; of x-forwarded-for
 * only the last entry is from our own proxy, the others are from the caller.
 */
function addressOf(c: Context<AppEnv>): string | undefined {
  const forwarded = c.req.header("x-forwarded-for")?.split(",").at(-1)?.trim();
  return c.req.header("cf-connecting-ip") || forwarded || undefined;
}
