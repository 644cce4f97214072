import { Buffer } from "node:buffer";
import { request as httpRequest } from "node:http";
import { forwardedHeaders } from "../forward.ts";

/** The worker is no longer there. `again` is the request to repeat, where it cannot have been handled. */
export class WorkerGone extends Error {
  constructor(message: string, readonly status: number, readonly again: Request | null) {
    super(message);
  }

  /** What the client gets if nothing is repeated. */
  response(): Response {
    const code = this.status === 504 ? "WORKER_TIMEOUT" : "WORKER_ERROR";
    return Response.json({ code, message: this.message }, { status: this.status });
  }
}

interface Target {
  port: number;
  clientIp: string;
  timeoutMs: number;
}

/** Bodies up to this size are kept while a worker is asked, so that the request can be repeated. */
const REPEATABLE_BYTES = 1024 * 1024;

function targetUrl(request: Request, scheme: string, port: number): string {
  const { pathname, search } = new URL(request.url);
  return `${scheme}://127.0.0.1:${port}${pathname.replace(/^\/functions\/v1/, "")}${search}`;
}

/** Passes a request to a worker and its answer back, unbuffered. */
export async function forward(request: Request, target: Target): Promise<Response> {
  const length = Number(request.headers.get("content-length") ?? NaN);
  const kept = request.body && length <= REPEATABLE_BYTES ? await request.arrayBuffer() : null;
  const repeatable = kept !== null || request.body === null;
  const watchdog = new AbortController();
  const timer = setTimeout(() => watchdog.abort(), target.timeoutMs);
  try {
    return await fetch(targetUrl(request, "http", target.port), {
      method: request.method,
      headers: forwardedHeaders(request, target.clientIp),
      body: kept ?? request.body,
      redirect: "manual",
      signal: watchdog.signal,
    });
  } catch (error) {
    if (watchdog.signal.aborted) {
      throw new WorkerGone(`No answer within ${target.timeoutMs} ms.`, 504, null);
    }
    const refused = /refused|os error 111|ECONNREFUSED/i.test(describe(error));
    const { method, headers, url } = request;
    const again = refused && repeatable ? new Request(url, { method, headers, body: kept }) : null;
    throw new WorkerGone("The function ended before it answered.", 502, again);
  } finally {
    clearTimeout(timer);
  }
}

const describe = (error: unknown): string =>
  error instanceof Error ? `${error.message} ${error.cause ? describe(error.cause) : ""}` : "";

/** Joins a client's WebSocket with one to the worker, or gives what the worker answers instead of one. */
export async function proxySocket(
  request: Request,
  { port, clientIp }: Omit<Target, "timeoutMs">,
): Promise<Response> {
  const protocols = request.headers.get("sec-websocket-protocol")?.split(/,\s*/) ?? [];
  const headers = Object.fromEntries(
    [...forwardedHeaders(request, clientIp)].filter(([name]) =>
      !/^(connection|upgrade|accept-encoding|sec-websocket-.*)$/.test(name)
    ),
  );
  // Deno's WebSocket takes headers; the type that the dom library declares does not know them.
  const upstream: WebSocket = Reflect.construct(WebSocket, [
    targetUrl(request, "ws", port),
    { headers, protocols },
  ]);
  upstream.binaryType = "arraybuffer";
  const early: MessageEvent["data"][] = [];
  upstream.onmessage = ({ data }) => early.push(data);
  const open = await new Promise<boolean>((resolve) => {
    upstream.onopen = () => resolve(true);
    upstream.onerror = () => resolve(false);
  });
  if (!open) return await refusal(request, port, headers);
  const { protocol } = upstream;
  const { socket, response } = Deno.upgradeWebSocket(request, protocol ? { protocol } : {});
  joinSockets(socket, upstream, early);
  return response;
}

/** Asks again for a socket that was refused, for the answer, which a WebSocket does not show. */
function refusal(
  request: Request,
  port: number,
  headers: Record<string, string>,
): Promise<Response> {
  const asks = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
  const protocol = request.headers.get("sec-websocket-protocol");
  return new Promise((resolve) => {
    const gone = () => resolve(new WorkerGone("There is no socket.", 502, null).response());
    const again = httpRequest(targetUrl(request, "http", port), {
      headers: {
        ...headers,
        ...asks,
        "sec-websocket-key": btoa(crypto.randomUUID().slice(0, 16)),
        ...(protocol && { "sec-websocket-protocol": protocol }),
      },
    });
    again.on("error", gone);
    again.on("upgrade", (_response, socket) => {
      socket.destroy();
      gone();
    });
    again.on("response", async (answer) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      const kept = Object.entries(answer.headers).flatMap(([name, value]) =>
        value === undefined || /^(connection|transfer-encoding|content-length)$/.test(name)
          ? []
          : [[name, String(value)] satisfies [string, string]]
      );
      resolve(
        new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 502, headers: kept }),
      );
    });
    again.end();
  });
}

/** `early` is what the worker has said before the client's socket is open. */
function joinSockets(
  client: WebSocket,
  upstream: WebSocket,
  early: MessageEvent["data"][],
): void {
  client.binaryType = "arraybuffer";
  client.onmessage = ({ data }) => {
    if (upstream.readyState === WebSocket.OPEN) upstream.send(data);
  };
  const opened = new Promise<void>((resolve) => {
    client.onopen = () => {
      early.forEach((data) => client.send(data));
      upstream.onmessage = ({ data }) => {
        if (client.readyState === WebSocket.OPEN) client.send(data);
      };
      resolve();
    };
  });
  upstream.onclose = ({ code, reason }) => opened.then(() => close(client, code, reason));
  upstream.onerror = () => opened.then(() => close(client, 1011, ""));
  client.onclose = ({ code, reason }) => close(upstream, code, reason);
  client.onerror = () => close(upstream, 1000, "");
}

/** Only 1000 and 3000–4999 may be given as the code; other ways to end become 1000. */
function close(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState >= WebSocket.CLOSING) return;
  socket.close(code >= 3000 && code < 5000 ? code : 1000, reason.slice(0, 100));
}
