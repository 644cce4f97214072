import { z } from "../_shared/zod.ts";
import { msUntilDue } from "./pause.ts";
import { semaphore } from "./workers.ts";

/** What the database has marked `sending`: its request must go out now. */
export const ClaimedDelivery = z.object({
  id: z.string(),
  claim: z.number(),
  endpoint_id: z.string(),
  /** The id of the message, the same for each try. */
  webhook_id: z.string(),
  type: z.string(),
  timestamp: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type ClaimedDelivery = z.infer<typeof ClaimedDelivery>;

const Endpoint = z.object({ url: z.string(), secrets: z.array(z.string()) });
export type Endpoint = z.infer<typeof Endpoint>;

export const Step = z.object({
  deliveries: z.array(ClaimedDelivery),
  endpoints: z.record(z.string(), Endpoint),
  next_due_at: z.string().nullable(),
});
export type Step = z.infer<typeof Step>;

/** A try as `exchange_webhook_batch` takes it. */
export interface DeliveryOutcome {
  id: string;
  claim: number;
  ms: number;
  status?: number;
  error?: string;
  answer?: string;
  retry_after_seconds?: number;
}

export interface SenderOptions {
  /** Records outcomes and claims the next deliveries; one round trip to the database. */
  step: (outcomes: DeliveryOutcome[], batchSize: number) => Promise<Step>;
  /** Makes one try. Never throws. */
  send: (delivery: ClaimedDelivery, endpoint: Endpoint) => Promise<DeliveryOutcome>;
  /** Deliveries claimed and not yet recorded at once. */
  concurrency: number;
  /** Requests to one endpoint under way at once; what is claimed beyond that is sent as soon as one ends. */
  perEndpoint: number;
  /** Deliveries after which no more are claimed. */
  max: number;
  /** The moment (ms since 1970) after which no more are claimed. */
  until: number;
  /** The longest wait for a delivery that falls due, in ms. */
  maxWaitMs: number;
  /** Called once, when no more are claimed although some may wait. */
  stopping: () => void;
}

/** Outcomes of tries that end almost together share a round trip. */
const coalesceMs = 10;

/** A signal that several parts give and one waits for. */
export class Signal {
  private give: () => void = () => {};
  /** It was given and nobody has waited for it since. */
  given = false;

  set(): void {
    this.given = true;
    this.give();
  }

  /** Waits for the signal, at most this long. */
  async wait(ms: number): Promise<void> {
    if (!this.given && ms > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.give = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.given = false;
    this.give = () => {};
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The tries of a run that are under way, and the outcomes that are not yet recorded. */
class Tries {
  private readonly underWay = new Set<Promise<void>>();
  private readonly places = new Map<string, ReturnType<typeof semaphore>>();
  private outcomes: DeliveryOutcome[] = [];
  sent = 0;

  constructor(private readonly options: SenderOptions, private readonly signal: Signal) {}

  get running(): number {
    return this.underWay.size;
  }

  get isIdle(): boolean {
    return this.underWay.size === 0 && this.outcomes.length === 0;
  }

  /** Waits for a place at the endpoint. */
  private async send(delivery: ClaimedDelivery, endpoint: Endpoint): Promise<DeliveryOutcome> {
    const places = this.places.get(delivery.endpoint_id) ?? semaphore(this.options.perEndpoint);
    this.places.set(delivery.endpoint_id, places);
    return await places(() => this.options.send(delivery, endpoint));
  }

  private start(delivery: ClaimedDelivery, endpoint: Endpoint): void {
    const work = this.send(delivery, endpoint).then((outcome) => {
      this.outcomes.push(outcome);
      this.underWay.delete(work);
      this.signal.set();
    });
    this.underWay.add(work);
  }

  /** Records what has ended and starts at most this many more. Outcomes that could not be recorded are kept. */
  async exchange(room: number): Promise<{ started: number; nextDueAt: string | null }> {
    const recorded = this.outcomes;
    this.outcomes = [];
    try {
      const { deliveries, endpoints, next_due_at } = await this.options.step(recorded, room);
      for (const delivery of deliveries) {
        const endpoint = endpoints[delivery.endpoint_id];
        if (endpoint !== undefined) this.start(delivery, endpoint);
      }
      this.sent += deliveries.length;
      return { started: deliveries.length, nextDueAt: next_due_at };
    } catch (error) {
      this.outcomes = [...recorded, ...this.outcomes];
      throw error;
    }
  }

  /** Waits for what is under way and records it, with some patience: an outcome should not be lost. */
  async finish(): Promise<void> {
    await Promise.all(this.underWay);
    for (let attempt = 0; this.outcomes.length > 0 && attempt < 3; attempt++) {
      await pause(500 * 2 ** attempt);
      await this.exchange(0).catch(() => {});
    }
  }
}

/**
 * Sends what is due until nothing is. Each try is on its own: one that takes long keeps its own place and nobody waits for
 * it. `signal` says that there may be more to do.
 * @returns how many tries were made.
 * @throws what the database threw; the outcomes of tries under way are recorded before.
 */
export async function runSender(options: SenderOptions, signal: Signal): Promise<number> {
  const tries = new Tries(options, signal);
  let emptySteps = 0;
  let closed = false;
  try {
    for (;;) {
      if (!closed && (tries.sent >= options.max || Date.now() >= options.until)) {
        closed = true;
        options.stopping();
      }
      const room = Math.min(options.concurrency - tries.running, options.max - tries.sent);
      const { started, nextDueAt } = await tries.exchange(closed ? 0 : room);
      emptySteps = started > 0 ? 0 : emptySteps + 1;
      const wait = closed ? Infinity : msUntilDue(nextDueAt, emptySteps);
      const isDone = wait > options.maxWaitMs && (closed || !signal.given);
      if (tries.isIdle && isDone) return tries.sent;
      await signal.wait(Math.min(wait, options.maxWaitMs));
      if (tries.running > 0) await pause(coalesceMs);
    }
  } catch (error) {
    await tries.finish();
    throw error;
  }
}
