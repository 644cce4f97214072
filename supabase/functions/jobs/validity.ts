import { providerTimeoutMs } from "../_shared/messaging/accounts.ts";
import type { SendOutcome } from "../_shared/messaging/provider.ts";
import { parseTimestamp } from "../_shared/timestamp.ts";

/**
 * How many seconds the provider may keep trying, by the moment (ISO) until which a text may arrive; undefined: without limit.
 * The provider counts from when it has the text, which may take as long as a request may take. Where less than one is left
 * the text must not be handed over: it is looked at again, as what was refused for now.
 */
export function validityOf(
  expiresAt: string | null | undefined,
  now: number,
): { seconds: number | undefined } | { tooLate: SendOutcome } {
  if (!expiresAt) return { seconds: undefined };
  const seconds = (parseTimestamp(expiresAt) - providerTimeoutMs - now) / 1000;
  if (seconds >= 1) return { seconds };
  return {
    tooLate: {
      kind: "retry",
      code: "window_closed",
      message: "The hours in which it may arrive ended before it could be handed over.",
      retryAfterSeconds: null,
    },
  };
}
