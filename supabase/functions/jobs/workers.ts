import { z } from "../_shared/zod.ts";
import type { SendOutcome } from "../_shared/messaging/provider.ts";
import { notStarted } from "./settling.ts";

/** A message that the database has marked `sending`: its request must go out now. */
export const ClaimedMessage = z.object({
  id: z.string(),
  attempt: z.number(),
  to: z.string(),
  from: z.string(),
  body: z.string(),
  provider: z.enum(["arkesel", "twilio"]),
  account_id: z.string(),
  /** The fingerprint of the provider's account that it goes through. */
  provider_account: z.string().nullable(),
  /** The end of the window in which it may arrive. */
  expires_at: z.string().nullish(),
});
export type ClaimedMessage = z.infer<typeof ClaimedMessage>;

export const Step = z.object({
  messages: z.array(ClaimedMessage),
  credentials: z.record(z.string(), z.unknown()),
  next_due_at: z.string().nullable(),
});
export type Step = z.infer<typeof Step>;

/** An outcome as `exchange_dispatch_batch` takes it. */
export interface RecordedOutcome {
  id: string;
  attempt: number;
  kind: SendOutcome["kind"];
  provider_message_id?: string;
  segments?: number | null;
  code?: string;
  message?: string;
  opt_out?: boolean;
  retry_after_seconds?: number | null;
}

/** An outcome of the port as the database takes it. */
export function toRecorded(message: ClaimedMessage, outcome: SendOutcome): RecordedOutcome {
  const { id, attempt } = message;
  switch (outcome.kind) {
    case "accepted":
      return {
        id,
        attempt,
        kind: "accepted",
        provider_message_id: outcome.providerMessageId,
        segments: outcome.segments,
      };
    case "rejected":
      return {
        id,
        attempt,
        kind: "rejected",
        code: outcome.code,
        message: outcome.message,
        opt_out: outcome.optOut,
      };
    case "retry":
      return {
        id,
        attempt,
        kind: "retry",
        code: outcome.code,
        message: outcome.message,
        retry_after_seconds: outcome.retryAfterSeconds,
      };
    default:
      return { id, attempt, kind: outcome.kind, code: outcome.code, message: outcome.message };
  }
}

export interface WorkersOptions {
  /** Records outcomes and marks the next group; one round trip to the database. */
  step: (outcomes: RecordedOutcome[], batchSize: number) => Promise<Step>;
  /** After a step that failed: records its outcomes and puts aside what makes steps fail. */
  recover: (outcomes: RecordedOutcome[]) => Promise<void>;
  /** Sends one message. Never throws. */
  send: (message: ClaimedMessage, credentials: unknown) => Promise<SendOutcome>;
  /** Requests to providers under way at once, over all workers. */
  concurrency: number;
  /** How long after its claim the request of a message may still start (see settling.ts). */
  startWithinMs: number;
  /** Messages after which the workers stop taking new ones. */
  max: number;
  /** The moment (ms since 1970) after which they take no new ones. */
  until: number;
  /** Called once, when the workers begin to stop although more may be waiting. */
  stopping: () => void;
}

/** How many outcomes a crash leaves unknown per worker, and how many messages share one database call. */
const batchSize = 100;

/** Workers beside those whose groups the provider has: they call the database meanwhile, or wait with a group claimed. */
const spareWorkers = 2;

/** Lets at most `max` calls be under way; the others wait for their turn in the order in which they came. */
export function semaphore(max: number) {
  const waiting: (() => void)[] = [];
  let free = max;
  return async <T>(call: () => Promise<T>): Promise<T> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

/**
 * Empties the queue with several workers, each alternating between one database call and one group of requests, so that
 * some call the provider while others call the database. A worker that fails does not end the others: what they have
 * under way is awaited and recorded.
 * @returns how many messages were sent, whether more are waiting, and when the next one falls due.
 * @throws what the first worker that failed threw.
 */
export async function runWorkers(
  options: WorkersOptions,
): Promise<{ sent: number; more: boolean; nextDueAt: string | null }> {
  let sent = 0;
  let more = false;
  let nextDueAt: string | null = null;
  const size = Math.max(1, Math.min(batchSize, options.concurrency));
  const withPermit = semaphore(Math.max(1, options.concurrency));

  async function worker(): Promise<void> {
    let outcomes: RecordedOutcome[] = [];
    for (;;) {
      const open = sent < options.max && Date.now() < options.until;
      if (!open && !more) {
        more = true;
        options.stopping();
      }
      // The claim is no earlier than this.
      const startUntil = Date.now() + options.startWithinMs;
      const step = await stepOrSave(options, outcomes, open ? size : 0);
      if (step.messages.length === 0) {
        nextDueAt = step.next_due_at;
        return;
      }
      sent += step.messages.length;
      outcomes = await Promise.all(
        step.messages.map(async (message) =>
          toRecorded(
            message,
            await withPermit(() =>
              Date.now() > startUntil
                ? Promise.resolve(notStarted)
                : options.send(message, step.credentials[message.account_id])
            ),
          )
        ),
      );
    }
  }

  const ends = await Promise.allSettled(
    Array.from(
      { length: Math.max(1, Math.ceil(options.concurrency / size)) + spareWorkers },
      worker,
    ),
  );
  const failure = ends.find((end) => end.status === "rejected");
  if (failure) throw failure.reason;
  return { sent, more, nextDueAt };
}

/**
 * A step whose outcomes are not lost with it: the outcome of what was sent and not recorded would be unknown. Recording
 * twice changes nothing, but a second group is not asked for, since the first may have been marked.
 */
async function stepOrSave(
  { step, recover }: WorkersOptions,
  outcomes: RecordedOutcome[],
  batchSize: number,
): Promise<Step> {
  try {
    return await step(outcomes, batchSize);
  } catch (error) {
    for (let attempt = 0; attempt < 3; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
      if (await recover(outcomes).then(() => true, () => false)) break;
    }
    throw error;
  }
}
