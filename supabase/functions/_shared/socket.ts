import type { Context } from "hono";
import type { AppEnv } from "./context.ts";
import { Problem } from "./problem.ts";

/** The subprotocol of our sockets. Browsers offer further ones in place of headers. */
export const PROTOCOL = "signalbox";

/** Subprotocols that stand for a header. */
const headerProtocols: Record<string, (value: string) => [name: string, value: string]> = {
  bearer: (token) => ["authorization", `Bearer ${token}`],
  organization: (id) => ["x-organization-id", id],
};

const requests = new WeakMap<Request, Request>();
const responses = new WeakMap<Request, Response>();

const offered = (request: Request): string[] =>
  request.headers.get("sec-websocket-protocol")?.split(",").map((name) => name.trim()) ?? [];

const wantsSocket = (request: Request): boolean =>
  request.headers.get("upgrade")?.toLowerCase() === "websocket";

/**
 * A function's handler that can accept WebSockets. Browsers cannot send headers with a WebSocket, so the subprotocols
 * `bearer.<token>` and `organization.<id>` stand for `Authorization` and `X-Organization-Id`; unlike a query string they
 * are not logged. The response of an accepted socket bypasses the middleware, which cannot change the headers of a 101.
 */
export function withSockets(
  handle: (request: Request) => Response | Promise<Response>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (!wantsSocket(request)) return await handle(request);
    const headers = new Headers(request.headers);
    for (const name of offered(request)) {
      const [kind = "", value = ""] = name.split(/\.(.*)/, 2);
      const [header, text] = headerProtocols[kind]?.(value) ?? [];
      if (header && text && !headers.has(header)) headers.set(header, text);
    }
    const translated = new Request(request.url, { method: request.method, headers });
    requests.set(translated, request);
    const response = await handle(translated);
    return responses.get(translated) ?? response;
  };
}

/**
 * Accepts the WebSocket of a request. The route's own response is then not sent.
 * @throws Problem 426 if it is not a WebSocket request
 */
export function acceptSocket(c: Context<AppEnv>): WebSocket {
  const request = requests.get(c.req.raw);
  if (!request) {
    throw new Problem(426, "upgrade_required", "A WebSocket is expected here.", {
      headers: { upgrade: "websocket", connection: "upgrade" },
    });
  }
  const speaks = offered(request).includes(PROTOCOL);
  const { socket, response } = Deno.upgradeWebSocket(request, speaks ? { protocol: PROTOCOL } : {});
  responses.set(c.req.raw, response);
  return socket;
}
