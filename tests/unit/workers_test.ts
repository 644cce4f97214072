import assert from "node:assert/strict";
import type { SendOutcome } from "../../supabase/functions/_shared/messaging/provider.ts";
import {
  type ClaimedMessage,
  type RecordedOutcome,
  runWorkers,
} from "../../supabase/functions/jobs/workers.ts";

/** A queue of messages that counts what was claimed, sent and recorded; `failAt` makes that step fail. */
function queueOf(count: number, failAt = Infinity) {
  const waiting = Array.from({ length: count }, (_, i): ClaimedMessage => ({
    id: `m${i}`,
    attempt: 1,
    to: "+233244000000",
    from: "Test",
    body: "x",
    provider: "arkesel",
    account_id: "a",
    provider_account: null,
  }));
  const recorded: RecordedOutcome[] = [];
  const sent = new Map<string, number>();
  let steps = 0;
  let most = 0;
  let underWay = 0;
  return {
    recorded,
    sent,
    mostAtOnce: () => most,
    step: (outcomes: RecordedOutcome[], want: number) => {
      if (++steps === failAt) return Promise.reject(new Error("the database is away"));
      recorded.push(...outcomes);
      return Promise.resolve({
        messages: waiting.splice(0, want),
        credentials: {},
        next_due_at: null,
      });
    },
    recover: (outcomes: RecordedOutcome[]) => {
      recorded.push(...outcomes);
      return Promise.resolve();
    },
    send: async (message: ClaimedMessage): Promise<SendOutcome> => {
      most = Math.max(most, ++underWay);
      sent.set(message.id, (sent.get(message.id) ?? 0) + 1);
      await Promise.resolve();
      underWay--;
      return { kind: "accepted", providerMessageId: `p-${message.id}`, segments: 1 };
    },
  };
}

const later = () => Date.now() + 60_000;
const startWithinMs = 25_000;

Deno.test("workers send every message once and record every outcome", async () => {
  const queue = queueOf(1_003);
  const result = await runWorkers({
    ...queue,
    startWithinMs,
    concurrency: 100,
    max: 5_000,
    until: later(),
    stopping: () => {},
  });
  assert.deepEqual([result.sent, result.more], [1_003, false]);
  assert.equal(queue.sent.size, 1_003);
  assert.ok([...queue.sent.values()].every((times) => times === 1));
  assert.equal(queue.recorded.length, 1_003);
});

Deno.test("workers keep no more requests under way than they are given", async () => {
  const queue = queueOf(500);
  await runWorkers({
    ...queue,
    startWithinMs,
    concurrency: 40,
    max: 5_000,
    until: later(),
    stopping: () => {},
  });
  assert.ok(queue.mostAtOnce() <= 50, `${queue.mostAtOnce()} at once`);
});

Deno.test("workers stop taking messages at their limit and say that there are more", async () => {
  const queue = queueOf(1_000);
  const result = await runWorkers({
    ...queue,
    startWithinMs,
    concurrency: 25,
    max: 100,
    until: later(),
    stopping: () => {},
  });
  assert.equal(result.more, true);
  assert.equal(result.sent, 100);
  assert.equal(queue.recorded.length, 100);
});

Deno.test("outcomes survive a database call that fails", async () => {
  // Two workers have a group and the third found none; the fourth call is the first that brings outcomes.
  const queue = queueOf(50, 4);
  await assert.rejects(
    runWorkers({
      ...queue,
      startWithinMs,
      concurrency: 25,
      max: 1_000,
      until: later(),
      stopping: () => {},
    }),
    /the database is away/,
  );
  assert.equal(queue.recorded.length, 50);
});

Deno.test("a worker that fails is thrown when the others have recorded what they had under way", async () => {
  const queue = queueOf(50, 3);
  await assert.rejects(
    runWorkers({
      ...queue,
      startWithinMs,
      concurrency: 25,
      max: 1_000,
      until: later(),
      stopping: () => {},
    }),
    /the database is away/,
  );
  assert.deepEqual([queue.sent.size, queue.recorded.length], [50, 50]);
});

Deno.test("a message that waited too long for its turn is not sent but queued again", async () => {
  const queue = queueOf(30);
  const started = new Map<string, number>();
  const claimed = new Map<string, number>();
  await runWorkers({
    ...queue,
    // What the third worker has waits for the groups of the two others.
    concurrency: 10,
    max: 30,
    startWithinMs: 150,
    until: later(),
    stopping: () => {},
    step: async (outcomes, want) => {
      const step = await queue.step(outcomes, want);
      for (const { id } of step.messages) claimed.set(id, Date.now());
      return step;
    },
    send: async (message) => {
      started.set(message.id, Date.now());
      await new Promise((resolve) => setTimeout(resolve, 100));
      return await queue.send(message);
    },
  });
  assert.equal(queue.recorded.length, 30);
  const back = queue.recorded.filter(({ kind }) => kind === "retry");
  assert.deepEqual([...new Set(back.map(({ code }) => code))], ["not_started"]);
  assert.equal(started.size + back.length, 30, "each is either sent or queued again");
  assert.ok(back.length >= 10, `${back.length} are queued again`);
  for (const { id } of back) assert.ok(!started.has(id));
  for (const [id, at] of started) {
    assert.ok(at - (claimed.get(id) ?? 0) <= 170, "no request starts late");
  }
});
