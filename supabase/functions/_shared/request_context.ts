import { createHmac } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import type { RequestHeaders } from "./clients.ts";
import type { AppEnv } from "./context.ts";
import { env } from "./env.ts";
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
    c.set("requestHeaders", originHeaders(requestId, clientIp));
    await next();
    const ms = Math.round(performance.now() - started);
    const { caller, counter, actor } = c.var;
    // Not with c.header, which builds the response again for each header.
    const { headers } = c.res;
    if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
    headers.set("x-content-type-options", "nosniff");
    headers.set("x-request-id", requestId);
    headers.set("server-timing", `total;dur=${ms}, data-api;desc="${counter.calls} calls"`);
    for (const [name, value] of Object.entries(counter.rateLimit ?? {})) headers.set(name, value);
    log(c.res.status >= 500 ? "error" : "info", "request", {
      function: name,
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms,
      data_api_calls: counter.calls,
      user_id: caller.kind === "user" ? caller.userId : caller.kind,
      organization_id: actor?.organizationId,
    });
  };
}

/**
 * The client's IP address, from the header that the deployment trusts. Of a list only the last entry counts: the platform
 * appends it, the others come from the client.
 */
function addressOf(c: Context<AppEnv>): string | undefined {
  const header = env.trustedIpHeader();
  const address = header && c.req.header(header)?.split(",").at(-1)?.trim();
  return address && address.length <= 45 ? address : undefined;
}

/**
 * Headers that tell the database where the request comes from, with an HMAC as evidence that they are ours and not the
 * client's (see `private.request_origin`).
 */
function originHeaders(requestId: string, clientIp: string | undefined): RequestHeaders {
  const key = env.requestSigningKey();
  return {
    "x-request-id": requestId,
    ...(clientIp ? { "x-client-ip": clientIp } : {}),
    ...(key
      ? {
        "x-request-signature": createHmac("sha256", key)
          .update(`${requestId}\n${clientIp ?? ""}`).digest("hex"),
      }
      : {}),
  };
}
