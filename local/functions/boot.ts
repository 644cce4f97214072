/*
 * Runs in a function's worker: replaces Deno.serve by one that takes a free port, imports the function
 * and reports the port to the gateway.
 */
import { stripVTControlCharacters } from "node:util";
import type { FromWorker, ToWorker } from "./messages.ts";

const serve = Deno.serve.bind(Deno);
const report = (message: FromWorker) => globalThis.postMessage(message);
let port: number | null = null;
let served = false;
let imported = false;

function announce(): void {
  if (imported && port !== null) report({ type: "listening", port });
}

function listen(handler: Deno.ServeHandler, options: Deno.ServeOptions = {}) {
  served = true;
  return serve({
    ...options,
    hostname: "127.0.0.1",
    port: 0,
    onListen: (address) => {
      port = address.port;
      announce();
    },
  }, handler);
}

type ServeArguments =
  | [Deno.ServeHandler]
  | [Deno.ServeOptions, Deno.ServeHandler]
  | [Deno.ServeOptions & { handler: Deno.ServeHandler }];

function replacement(...[first, second]: ServeArguments) {
  if (typeof first === "function") return listen(first);
  const { onError, signal } = first;
  const options = { ...(onError && { onError }), ...(signal && { signal }) };
  return listen(second ?? ("handler" in first ? first.handler : () => new Response()), options);
}
Object.assign(Deno, { serve: replacement });

const background = new Set<Promise<unknown>>();
Object.assign(globalThis, {
  EdgeRuntime: {
    waitUntil(promise: Promise<unknown>): void {
      background.add(promise);
      promise.catch(() => {}).finally(() => background.delete(promise));
    },
  },
});

const describe = (error: unknown) =>
  stripVTControlCharacters(error instanceof Error ? error.stack ?? error.message : String(error));

/** Lines go to the stack's output as ever, and to the console page. */
function reportLines(): void {
  for (const level of ["debug", "info", "log", "warn", "error"] as const) {
    const write = console[level].bind(console);
    Object.assign(console, {
      [level]: (...parts: unknown[]) => {
        write(...parts);
        report({
          type: "log",
          text: parts.map((part) => typeof part === "string" ? part : describe(part)).join(" "),
        });
      },
    });
  }
}
reportLines();

globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  report({ type: "rejection", error: describe(event.reason) });
});

globalThis.addEventListener("message", async (event: MessageEvent<ToWorker>) => {
  try {
    const module: { default?: { fetch?: Deno.ServeHandler } } = await import(event.data.entry);
    imported = true;
    const handler = module.default?.fetch;
    if (!served && handler) listen(handler);
    if (!served) {
      throw new Error("The function neither calls Deno.serve nor exports a fetch handler.");
    }
    announce();
  } catch (error) {
    report({ type: "failed", error: describe(error) });
  }
});
