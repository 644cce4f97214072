import type { Carrier } from "./carrier.ts";
import type { CarrierAnswer, CarrierRequest } from "./http.ts";

/** How a provider can refuse a body that comes in chunks, without Content-Length (RFC 9110, 15.5.12 and 15.6.2). */
const REFUSALS: Readonly<Record<number, string>> = {
  400: "Transfer-Encoding: chunked is not supported.",
  411: "Length Required",
  501: "Not Implemented",
};

/** Which refusal of a provider, and how often it was given; null accepts such bodies. */
export interface ChunkedBodies {
  refusal: number | null;
  refused: number;
}

/** Whether a value names a refusal, or that there is none. */
export const isRefusal = (value: unknown): value is number | null =>
  value === null || typeof value === "number" && value in REFUSALS;

/** The refusal that a request meets because its body has no length, and counts it. */
export function refusedBody(
  carrier: Carrier,
  provider: "twilio" | "arkesel",
  request: CarrierRequest,
): CarrierAnswer | null {
  const state = carrier.chunkedBodies[provider];
  if (state.refusal === null || request.method !== "POST") return null;
  if (request.header("content-length") !== "") return null;
  state.refused++;
  return { status: state.refusal, json: { message: REFUSALS[state.refusal] } };
}
