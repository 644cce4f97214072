import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** A request with its whole body. */
export interface CarrierRequest {
  method: string;
  url: URL;
  header(name: string): string;
  body: string;
}

/** An answer, or `cut`: the connection ends without one. */
export type CarrierAnswer =
  | { status: number; json: unknown; headers?: Record<string, string> }
  | "cut";

/**
 * Serves on 127.0.0.1. On node:http and not Deno.serve, because only its sockets can be cut without
 * an answer. Port 0 takes a free one.
 */
export async function serveHttp(
  port: number,
  handle: (request: CarrierRequest) => Promise<CarrierAnswer>,
): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer(async (incoming, outgoing) => {
    try {
      answer(outgoing, await handle(await read(incoming)));
    } catch (error) {
      answer(outgoing, { status: 500, json: { message: String(error) } });
    }
  });
  // Longer than clients keep an idle connection: else one that is closed just as it is used again would look like a cut.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(incoming: IncomingMessage): Promise<CarrierRequest> {
  let body = "";
  for await (const chunk of incoming.setEncoding("utf8")) body += chunk;
  return {
    method: incoming.method ?? "GET",
    url: new URL(incoming.url ?? "/", "http://carrier"),
    header: (name) => [incoming.headers[name] ?? ""].flat()[0] ?? "",
    body,
  };
}

function answer(outgoing: ServerResponse, result: CarrierAnswer): void {
  if (result === "cut") {
    outgoing.socket?.destroy();
    return;
  }
  outgoing.writeHead(result.status, { "content-type": "application/json", ...result.headers });
  outgoing.end(JSON.stringify(result.json));
}
