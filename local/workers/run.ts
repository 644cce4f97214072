import { messageOf, warn } from "../log.ts";
import type { FromPart, ToPart } from "./messages.ts";

/** What a started part tells the stack, and how it ends. */
export interface Started<Ready> {
  ready: Ready;
  stop?(): Promise<void>;
}

/** Makes this worker a part of the stack: `start` is called once, with the options of `createPart`. */
export function runPart<Options, Ready>(
  start: (options: Options) => Promise<Started<Ready>>,
): void {
  const report = (message: FromPart<Ready>) => self.postMessage(message);
  let running: Promise<Started<Ready>> | undefined;
  self.addEventListener("message", async ({ data }: MessageEvent<ToPart<Options>>) => {
    try {
      if (data.kind === "start") {
        running = start(data.options);
        report({ kind: "ready", ready: (await running).ready });
      } else {
        await (await running)?.stop?.();
        report({ kind: "stopped" });
      }
    } catch (error) {
      report({ kind: "failed", message: messageOf(error) });
    }
  });
}

/** Serves on a free port of 127.0.0.1. What `handle` throws is logged and answered with 500. */
export function serveLocally(
  handle: (request: Request, clientIp: string) => Promise<Response>,
): number {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request, { remoteAddr }) => {
      try {
        return await handle(request, remoteAddr.hostname);
      } catch (error) {
        warn(`${request.method} ${new URL(request.url).pathname}: ${messageOf(error)}`);
        return Response.json({ message: "An unexpected error occurred" }, { status: 500 });
      }
    },
  );
  return server.addr.port;
}
