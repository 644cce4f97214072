import { handleArkesel } from "./arkesel.ts";
import { startCallbacks } from "./callbacks.ts";
import { type Carrier, createCarrier } from "./carrier.ts";
import { handleControl } from "./control.ts";
import { type CarrierAnswer, type CarrierRequest, serveHttp } from "./http.ts";
import type { CarrierOptions } from "./main.ts";
import { openStore } from "./store.ts";
import { handleTwilio } from "./twilio.ts";

const DEFAULT_LATENCY_MS = 20;

/** Answers the providers' requests after the latency; what they accept is stored before that. */
async function handle(carrier: Carrier, request: CarrierRequest): Promise<CarrierAnswer> {
  const path = request.url.pathname;
  const provider = path.startsWith("/2010-04-01/")
    ? handleTwilio
    : path.startsWith("/api/v2/")
    ? handleArkesel
    : null;
  if (provider === null) return handleControl(carrier, request);
  const answer = provider(carrier, request);
  await new Promise((resolve) => setTimeout(resolve, carrier.latencyMs));
  return answer;
}

async function run(options: CarrierOptions): Promise<{ url: string; stop(): Promise<void> }> {
  const store = openStore(options.dataDir);
  const { latencyMs = DEFAULT_LATENCY_MS, inboundUrl = null } = options;
  const carrier = createCarrier(store, latencyMs, inboundUrl);
  const server = await serveHttp(options.port, (request) => handle(carrier, request));
  const callbacks = startCallbacks(carrier);
  return {
    url: server.url,
    async stop() {
      callbacks.stop();
      await server.stop();
      store.close();
    },
  };
}

let running: ReturnType<typeof run> | undefined;

self.addEventListener("message", async ({ data }: MessageEvent<CarrierOptions | "stop">) => {
  try {
    if (data === "stop") {
      await (await running)?.stop();
      self.postMessage({ kind: "stopped" });
    } else {
      running = run(data);
      self.postMessage({ kind: "ready", url: (await running).url });
    }
  } catch (error) {
    self.postMessage({ kind: "failed", message: String(error) });
  }
});
