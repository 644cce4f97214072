import type { Handler } from "./gateway.ts";

/** A request's headers as a proxy passes them on, with the client's address added. */
export function forwardedHeaders(request: Request, clientIp: string): Headers {
  const { host, port, protocol } = new URL(request.url);
  const headers = new Headers(request.headers);
  headers.delete("host");
  headers.append("x-forwarded-for", clientIp);
  // As Cloudflare does; but a client on this machine may choose an address, as tests do.
  if (!headers.has("cf-connecting-ip")) headers.set("cf-connecting-ip", clientIp);
  headers.set("x-forwarded-host", host);
  headers.set("x-forwarded-proto", protocol.slice(0, -1));
  headers.set("x-forwarded-port", port);
  // The gateway compresses for the client; behind it that would only be undone.
  headers.set("accept-encoding", "identity");
  return headers;
}

/** Passes requests to a part of the stack that listens on its own port, unbuffered in both directions. */
export function forwardTo(port: number): Handler {
  return (request, clientIp) => {
    const { pathname, search } = new URL(request.url);
    return fetch(`http://127.0.0.1:${port}${pathname}${search}`, {
      method: request.method,
      headers: forwardedHeaders(request, clientIp),
      // As a stream, which Deno cannot send a second time when a connection is cut.
      body: request.body,
      redirect: "manual",
    });
  };
}
