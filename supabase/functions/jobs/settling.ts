import { providerTimeoutMs } from "../_shared/messaging/accounts.ts";
import type { SendOutcome } from "../_shared/messaging/provider.ts";

/**
 * How long after its claim the request of a text may still start. A claimed group waits for at most two others, each of which
 * takes as long as a request may take; what waits longer is queued again.
 */
export const startWithinMs = 2 * providerTimeoutMs + 5_000;

/** The request of a message that waited too long for its turn is not started: others may soon take it for lost. */
export const notStarted: SendOutcome = {
  kind: "retry",
  code: "not_started",
  message: "Its turn came too late after it was claimed.",
  retryAfterSeconds: null,
};

/** How long it may take, after a request has ended, until its outcome is recorded. */
const recordedWithinMs = 15_000;

/**
 * Seconds after its claim from which a text without an outcome counts as one with an unknown outcome: at least so long that
 * no request can still be under way, whatever is configured. Earlier it could be queued again while it is being sent.
 */
export const unknownAfterSeconds = (configured: number): number =>
  Math.max(configured, (startWithinMs + providerTimeoutMs + recordedWithinMs) / 1000);
