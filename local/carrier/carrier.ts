import { createBusyLine } from "./behaviour.ts";
import type { ChunkedBodies } from "./bodies.ts";
import type { CarrierRequest } from "./http.ts";
import type { OwedRequest, Store } from "./store.ts";

/** How a whole provider can be down. `no_balance` is Arkesel's 402. */
export const OUTAGES = ["none", "http500", "refuse_auth", "no_balance"] as const;
export type Outage = typeof OUTAGES[number];

/** How a provider can answer questions about messages; `junk` is a 200 that makes no sense. */
export const LOOKUP_FAULTS = [
  "none",
  "http429",
  "http500",
  "refuse_auth",
  "not_found",
  "junk",
  "cut",
] as const;
export type LookupFault = typeof LOOKUP_FAULTS[number];

/** What the callbacks about a sender's messages meet. */
export const CALLBACK_FATES = ["once", "twice", "never"] as const;
export type CallbackFate = typeof CALLBACK_FATES[number];

/** What the parts of the carrier share. All but the store is forgotten when it stops. */
export interface Carrier {
  store: Store;
  /** Milliseconds from a request to its answer, and from one status of a message to the next. */
  latencyMs: number;
  callbacksPaused: boolean;
  /** What each provider refuses, and of which sender; null for every sender. */
  outage: Record<"twilio" | "arkesel", { mode: Outage; from: string | null }>;
  /** What each provider does with bodies without Content-Length. */
  chunkedBodies: Record<"twilio" | "arkesel", ChunkedBodies>;
  /** How questions about a sender's messages are answered, and how many there were. */
  lookups: Map<string, { fault: LookupFault; asked: number }>;
  /** Senders whose callbacks get lost or come twice. */
  callbackFates: Map<string, CallbackFate>;
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
    chunkedBodies: {
      twilio: { refusal: null, refused: 0 },
      arkesel: { refusal: null, refused: 0 },
    },
    lookups: new Map(),
    callbackFates: new Map(),
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

/** Counts a question about a message of this sender, and says how it is to be answered. */
export function lookedUp(carrier: Carrier, from: string): LookupFault {
  const state = carrier.lookups.get(from) ?? { fault: "none", asked: 0 };
  carrier.lookups.set(from, { ...state, asked: state.asked + 1 });
  return state.fault;
}

/** Owes the callbacks about a new message, as its sender's fate is. */
export function oweCallbacks(carrier: Carrier, from: string, callbacks: OwedRequest[]): void {
  const fate = carrier.callbackFates.get(from) ?? "once";
  if (fate === "never") return;
  for (const callback of callbacks) {
    carrier.store.owe(callback);
    if (fate === "twice") carrier.store.owe(callback);
  }
}
