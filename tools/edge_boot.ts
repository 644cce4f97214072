/*
 * Serves one function under the edge runtime's Deno, as the platform does: argument 1 is its entry, 2 the port. Plain
 * JavaScript of 2024 only; nothing of this project is imported.
 */
const [entry = "", port = ""] = Deno.args;
const serve = Deno.serve.bind(Deno);
type Handler = (request: Request) => Response | Promise<Response>;

function listen(first: Handler | { handler?: Handler }, second?: Handler) {
  const handler = typeof first === "function" ? first : second ?? first.handler;
  return serve(
    { hostname: "127.0.0.1", port: Number(port), onListen: () => {} },
    handler as Handler,
  );
}

Object.assign(Deno, { serve: listen });
Object.assign(globalThis, {
  EdgeRuntime: {
    waitUntil: (work: Promise<unknown>) => void work.catch(() => {}),
  },
});
const module = await import(entry);
if (module.default && typeof module.default.fetch === "function") {
  listen(module.default.fetch);
}
