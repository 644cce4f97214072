import type { Context } from "hono";
import type { AppEnv } from "./context.ts";
import { Problem } from "./problem.ts";

/** The subprotocol that our sockets speak. Beside it a browser offers what it cannot send as headers. */
export const PROTOCOL = "signalbox";

/** Offered subprotocols that stand for a header. */
const standIns: Record<string, (value: string) => [name: string, value: string]> = {
  bearer: (token) => ["authorization", `Bearer ${token}`],
  organization: (id) => ["x-organization-id", id],
};

const asked = new WeakMap<Request, Request>();
const accepted = new WeakMap<Request, Response>();

const offered = (request: Request): string[] =>
  request.headers.get("sec-websocket-protocol")?.split(",").map((name) => name.trim()) ?? [];

const wantsSocket = (request: Request): boolean =>
  request.headers.get("upgrade")?.toLowerCase() === "websocket";

/**
 * A function's handler that can accept WebSockets. Browsers cannot give a WebSocket headers, so the subprotocols
 * `bearer.<token>` and `organization.<id>` stand for `Authorization` and `X-Organization-Id`; unlike a query string they
 * are in no log. What a route answers instead of a socket goes out as it is; what it has accepted goes out past the
 * middleware, which cannot change the headers of a 101.
 */
export function withSockets(
  handle: (request: Request) => Response | Promise<Response>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (!wantsSocket(request)) return await handle(request);
    const headers = new Headers(request.headers);
    for (const name of offered(request)) {
      const [kind = "", value = ""] = name.split(/\.(.*)/, 2);
      const [header, text] = standIns[kind]?.(value) ?? [];
      if (header && text && !headers.has(header)) headers.set(header, text);
    }
    const translated = new Request(request.url, { method: request.method, headers });
    asked.set(translated, request);
    const response = await handle(translated);
    return accepted.get(translated) ?? response;
  };
}

/**
 * Accepts the WebSocket that a request asks for. The route's own response is not sent then.
 * @throws Problem 426 if the request asks for none.
 */
export function acceptSocket(c: Context<AppEnv>): WebSocket {
  const request = asked.get(c.req.raw);
  if (!request) {
    throw new Problem(426, "upgrade_required", "A WebSocket is expected here.", {
      headers: { upgrade: "websocket", connection: "upgrade" },
    });
  }
  const speaks = offered(request).includes(PROTOCOL);
  const { socket, response } = Deno.upgradeWebSocket(request, speaks ? { protocol: PROTOCOL } : {});
  accepted.set(c.req.raw, response);
  return socket;
}
