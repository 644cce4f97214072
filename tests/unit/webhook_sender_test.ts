import assert from "node:assert/strict";
import {
  type ClaimedDelivery,
  type DeliveryOutcome,
  runSender,
  type SenderOptions,
  Signal,
  type Step,
} from "../../supabase/functions/jobs/webhook_sender.ts";

const delivery = (endpoint_id: string, id: string): ClaimedDelivery => ({
  id,
  claim: 1,
  endpoint_id,
  webhook_id: id,
  type: "lead.created",
  timestamp: "2026-12-01T08:00:00Z",
  data: {},
});

/** A database that hands out these deliveries and keeps the outcomes. */
function queue(waiting: ClaimedDelivery[]) {
  const recorded: string[] = [];
  const step = (outcomes: DeliveryOutcome[], batchSize: number): Promise<Step> => {
    recorded.push(...outcomes.map(({ id }) => id));
    const deliveries = waiting.splice(0, batchSize);
    const endpoints = { slow: { url: "", secrets: [] }, fast: { url: "", secrets: [] } };
    return Promise.resolve({ deliveries, endpoints, next_due_at: null });
  };
  return { recorded, step };
}

const options = (more: Partial<SenderOptions> & Pick<SenderOptions, "step">): SenderOptions => ({
  send: ({ id, claim }) => Promise.resolve({ id, claim, ms: 1, status: 200 }),
  concurrency: 10,
  perEndpoint: 10,
  max: 100,
  until: Date.now() + 10_000,
  maxWaitMs: 50,
  stopping: () => {},
  ...more,
});

Deno.test("A receiver that takes long keeps its own place only", async () => {
  const fast = Array.from({ length: 30 }, (_, n) => delivery("fast", `fast ${n}`));
  const { recorded, step } = queue([delivery("slow", "slow"), ...fast]);
  const release = Promise.withResolvers<void>();
  const run = runSender(
    options({
      step,
      concurrency: 2,
      send: async ({ id, claim, endpoint_id }) => {
        if (endpoint_id === "slow") await release.promise;
        if (id === "fast 29") release.resolve();
        return { id, claim, ms: 1, status: 200 };
      },
    }),
    new Signal(),
  );
  assert.equal(await run, 31);
  assert.equal(recorded.indexOf("slow") > recorded.indexOf("fast 28"), true, recorded.join());
  assert.equal(new Set(recorded).size, 31);
});

Deno.test("A run ends after its number of deliveries and says once that another may go on", async () => {
  const { recorded, step } = queue(
    Array.from({ length: 30 }, (_, n) => delivery("fast", `${n}`)),
  );
  let stops = 0;
  const sent = await runSender(options({ step, max: 12, stopping: () => stops++ }), new Signal());
  assert.deepEqual([sent, recorded.length, stops], [12, 12, 1]);
});

Deno.test("Outcomes are recorded although a step fails", async () => {
  const { recorded, step } = queue([delivery("fast", "a"), delivery("fast", "b")]);
  let steps = 0;
  const failing = (outcomes: DeliveryOutcome[], batchSize: number) =>
    ++steps === 2 ? Promise.reject(new Error("gone")) : step(outcomes, batchSize);
  await assert.rejects(runSender(options({ step: failing }), new Signal()), /gone/);
  assert.deepEqual(recorded.sort(), ["a", "b"]);
});
