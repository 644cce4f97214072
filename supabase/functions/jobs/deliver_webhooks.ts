import type { App } from "../_shared/app.ts";
import { keepAlive } from "../_shared/background.ts";
import type { Client } from "../_shared/clients.ts";
import { isoTime } from "../_shared/fields.ts";
import { log } from "../_shared/log.ts";
import { job } from "../_shared/jobs/job.ts";
import { perItem } from "../_shared/jobs/per_item.ts";
import { maskNumbers, parseRetryAfter, storable } from "../_shared/messaging/provider_http.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { RefusedAddress, type WebhookRules } from "../_shared/webhooks/address.ts";
import { postPinned, TookTooLong } from "../_shared/webhooks/post.ts";
import { deploymentRules } from "../_shared/webhooks/rules.ts";
import { signedHeaders } from "../_shared/webhooks/sign.ts";
import { maxWaitMs, runMs } from "./run_time.ts";
import {
  type ClaimedDelivery,
  type DeliveryOutcome,
  type Endpoint,
  runSender,
  Signal,
  Step,
} from "./webhook_sender.ts";

/** The time of one try, in ms. */
const tryMs = 10_000;
/** Seconds after which a sender that has not reported the outcome of a try counts as dead. */
const leaseSeconds = 60;
/** The longest pause (Retry-After) that a receiver gets. */
const maxPauseSeconds = 86_400;
/** Deliveries of one run: a connection with TLS takes about 3 ms of the platform's 2 s of CPU. */
const maxPerRun = 300;
/** Deliveries claimed at once, and requests to one endpoint under way. */
const [concurrency, perEndpoint] = [200, 10];

/** The request of a delivery, as Standard Webhooks has it. */
async function requestOf(delivery: ClaimedDelivery, secrets: string[]) {
  const body = JSON.stringify({
    type: delivery.type,
    timestamp: isoTime(delivery.timestamp),
    data: delivery.data,
  });
  const timestamp = Math.floor(Date.now() / 1_000);
  const signed = await signedHeaders({ id: delivery.webhook_id, timestamp, body }, secrets);
  const headers = {
    "Content-Type": "application/json",
    "User-Agent": "Signalbox-Webhooks/1",
    "Accept-Encoding": "identity",
    ...signed,
  };
  return { headers, body };
}

function failureOf(error: unknown): string {
  if (error instanceof RefusedAddress || error instanceof TookTooLong) return error.message;
  return storable(`The connection failed: ${error instanceof Error ? error.message : error}`);
}

/** Makes one try and says how it ended. */
async function sendOne(
  delivery: ClaimedDelivery,
  endpoint: Endpoint,
  rules: WebhookRules,
): Promise<DeliveryOutcome> {
  const { id, claim } = delivery;
  const request = await requestOf(delivery, endpoint.secrets);
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  try {
    const url = new URL(endpoint.url);
    const { status, headers, body } = await postPinned(
      { url, ...request, timeoutMs: tryMs },
      rules,
    );
    const pause = parseRetryAfter(headers.get("retry-after") ?? null);
    return {
      id,
      claim,
      ms: ms(),
      status,
      answer: storable(maskNumbers(body)),
      ...(pause === null ? {} : { retry_after_seconds: Math.min(pause, maxPauseSeconds) }),
    };
  } catch (error) {
    return { id, claim, ms: ms(), error: failureOf(error) };
  }
}

/** The run of this isolate that claims; another call makes it look again. */
let claiming: Signal | null = null;

async function deliver(db: Client) {
  if (claiming !== null) {
    claiming.set();
    return { sent: 0, joined: true };
  }
  const signal = new Signal();
  claiming = signal;
  const rules = deploymentRules();
  try {
    const sent = await runSender({
      step: async (outcomes, batchSize) =>
        Step.parse(unwrap(
          await db.rpc("exchange_webhook_batch", {
            outcomes: outcomes.map((outcome) => ({ ...outcome })),
            batch_size: batchSize,
            lease_seconds: leaseSeconds,
          }),
        )),
      send: (delivery, endpoint) =>
        perItem(
          "deliver-webhooks",
          { delivery_id: delivery.id },
          () => sendOne(delivery, endpoint, rules),
          () => ({
            id: delivery.id,
            claim: delivery.claim,
            ms: 0,
            error: "It could not be composed.",
          }),
        ),
      concurrency,
      perEndpoint,
      max: maxPerRun,
      until: Date.now() + runMs,
      maxWaitMs,
      stopping: () => {
        claiming = null;
        startAnother(db);
      },
    }, signal);
    return { sent };
  } finally {
    if (claiming === signal) claiming = null;
  }
}

/** Not awaited: if it fails, the next run of pg_cron continues. */
function startAnother(db: Client): void {
  const asked = Promise.resolve(db.rpc("invoke_job", { job: "deliver-webhooks" }));
  keepAlive(
    asked.then(ensure).catch((error) =>
      log("warn", "next_run_not_started", { cause: String(error) })
    ),
  );
}

export function deliverWebhooks(app: App) {
  job(app, "deliver-webhooks", "Delivers events to webhooks", deliver);
}
