import { handleArkesel } from "./arkesel.ts";
import { refusedBody } from "./bodies.ts";
import { startCallbacks } from "./callbacks.ts";
import { type Carrier, createCarrier } from "./carrier.ts";
import { handleControl } from "./control.ts";
import { type CarrierAnswer, type CarrierRequest, serveHttp } from "./http.ts";
import type { CarrierOptions } from "./main.ts";
import { openStore } from "./store.ts";
import { handleTwilio } from "./twilio.ts";
import { runPart } from "../workers/run.ts";

const DEFAULT_LATENCY_MS = 20;

const answers = { twilio: handleTwilio, arkesel: handleArkesel };

/** Answers the providers' requests after the latency; what they accept is stored before that. */
async function handle(carrier: Carrier, request: CarrierRequest): Promise<CarrierAnswer> {
  const path = request.url.pathname;
  const provider = path.startsWith("/2010-04-01/")
    ? "twilio"
    : path.startsWith("/api/v2/")
    ? "arkesel"
    : null;
  if (provider === null) return handleControl(carrier, request);
  const answer = refusedBody(carrier, provider, request) ?? answers[provider](carrier, request);
  await new Promise((resolve) => setTimeout(resolve, carrier.latencyMs));
  return answer;
}

runPart(async (options: CarrierOptions) => {
  const store = openStore(options.dataDir);
  const { latencyMs = DEFAULT_LATENCY_MS, inboundUrl = null } = options;
  const carrier = createCarrier(store, latencyMs, inboundUrl);
  const server = await serveHttp(options.port, (request) => handle(carrier, request));
  const callbacks = startCallbacks(carrier);
  return {
    ready: { url: server.url },
    async stop() {
      callbacks.stop();
      await server.stop();
      store.close();
    },
  };
});
