import { createBusyLine } from "./behaviour.ts";
import type { CarrierRequest } from "./http.ts";
import type { Store } from "./store.ts";

/** How a whole provider can be down. `no_balance` is Arkesel's 402. */
export const OUTAGES = ["none", "http500", "refuse_auth", "no_balance"] as const;
export type Outage = typeof OUTAGES[number];

/** What the parts of the carrier share. All but the store is forgotten when it stops. */
export interface Carrier {
  store: Store;
  /** Milliseconds from a request to its answer, and from one status of a message to the next. */
  latencyMs: number;
  callbacksPaused: boolean;
  /** What each provider refuses, and of which sender; null for every sender. */
  outage: Record<"twilio" | "arkesel", { mode: Outage; from: string | null }>;
  /** Where texts from handsets go. */
  inboundUrl: string | null;
  isBusy: (key: string) => boolean;
  /** To be called when a webhook was added. */
  wakeCallbacks: () => void;
}

export function createCarrier(store: Store, latencyMs: number, inboundUrl: string | null): Carrier {
  return {
    store,
    latencyMs,
    inboundUrl,
    callbacksPaused: false,
    outage: { twilio: { mode: "none", from: null }, arkesel: { mode: "none", from: null } },
    isBusy: createBusyLine(),
    wakeCallbacks: () => {},
  };
}

/** E.164 from any usual way to write an international number. */
export function toE164(number: string): string {
  return `+${number.replace(/\D/g, "")}`;
}

/** The outage that a request meets. One that names a sender leaves the requests of others alone. */
export function outageOf(
  carrier: Carrier,
  provider: "twilio" | "arkesel",
  { body }: CarrierRequest,
): Outage {
  const { mode, from } = carrier.outage[provider];
  const meant = from === null || body.includes(from) || body.includes(encodeURIComponent(from));
  return meant ? mode : "none";
}
