import { twilioSignature } from "../../supabase/functions/_shared/messaging/twilio_signature.ts";
import type { Carrier } from "./carrier.ts";
import { CARRIER_CREDENTIALS } from "./credentials.ts";
import type { OwedRequest, Store } from "./store.ts";

const MAX_PARALLEL = 16;
const FIRST_RETRY_MS = 200;
// 200 ms doubled nine times: over 100 s in all.
const MAX_ATTEMPTS = 10;

type Owed = ReturnType<Store["dueRequests"]>[number];

/**
 * Sends the webhooks that are owed, at least once each, 16 at a time, and tries again what found
 * nobody or got a 5xx. What a SIGKILL interrupts goes out again after the next start.
 */
export function startCallbacks(carrier: Carrier): { stop(): void } {
  const { store } = carrier;
  const running = new Set<number>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const pump = () => {
    clearTimeout(timer);
    if (stopped || carrier.callbacksPaused || running.size === MAX_PARALLEL) return;
    const now = Date.now();
    // What runs is still in the table, so as many more are read.
    for (const owed of store.dueRequests(now, MAX_PARALLEL + running.size)) {
      if (running.size === MAX_PARALLEL) return;
      if (!running.has(owed.id)) run(owed);
    }
    const next = store.nextDueAfter(now);
    if (next !== null) timer = setTimeout(pump, next - now);
  };

  const run = async (owed: Owed) => {
    running.add(owed.id);
    const status = await deliver(owed.request);
    // A place that met a failure rests, else a receiver that is away would be asked in a tight loop.
    if (isFailure(status)) await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS));
    running.delete(owed.id);
    if (stopped) return;
    record(store, owed, status);
    pump();
  };

  carrier.wakeCallbacks = pump;
  pump();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** 0 is no answer. Other 4xx are the receiver's last word. */
function isFailure(status: number): boolean {
  return status === 0 || status === 429 || status >= 500;
}

function record(store: Store, { id, attempts, request }: Owed, status: number): void {
  const reply = store.reply(request.about);
  if (reply !== null) store.saveReply({ ...reply, answer: status });
  if (isFailure(status) && attempts + 1 < MAX_ATTEMPTS) {
    // The first 200 ms have passed already.
    store.postpone(id, Date.now() + FIRST_RETRY_MS * (2 ** attempts - 1));
  } else {
    store.settle(id);
  }
}

/** The HTTP status that the webhook got, 0 for none. */
async function deliver({ method, url, params }: OwedRequest): Promise<number> {
  const init: RequestInit = { method, redirect: "manual", signal: AbortSignal.timeout(15_000) };
  if (params !== undefined) {
    init.body = new URLSearchParams(params).toString();
    init.headers = {
      "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
      "user-agent": "TwilioProxy/1.1",
      "x-twilio-signature": twilioSignature(CARRIER_CREDENTIALS.twilioAuthToken, url, params),
    };
  }
  try {
    const response = await fetch(url, init);
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}
