import assert from "node:assert/strict";
import { Problem } from "../../supabase/functions/_shared/problem.ts";
import type { Progress } from "../../supabase/functions/campaigns/live/progress.ts";
import { type News, watch, type Watching } from "../../supabase/functions/campaigns/live/watch.ts";

function progress(version: number, change: Partial<Progress> = {}): Progress {
  return {
    campaign_id: "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11",
    version,
    changed_at: new Date().toISOString(),
    status: "running",
    status_reason: null,
    started_at: null,
    finished_at: null,
    targets: { total: 1, pending: 1, sent: 0, excluded: 0, canceled: 0 },
    excluded: {},
    messages: {},
    segments: 0,
    cost: "0",
    ...change,
  };
}

/** What watching tells when these are read one after the other; an error is thrown, the last is read again and again. */
async function told(
  first: Progress,
  reads: (Progress | Error)[],
  options: Partial<Watching> = {},
): Promise<News[]> {
  const read = () => {
    const next = reads.length > 1 ? reads.shift() : reads[0];
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? first);
  };
  const { signal } = new AbortController();
  const news: News[] = [];
  for await (const item of watch(first, { read, signal, everyMs: 1, ...options })) news.push(item);
  return news;
}

const names = (news: News[]) =>
  news.map((item) => item.event === "progress" ? item.progress.version : item.event);

const done = progress(9, { status: "completed", messages: { delivered: 1 } });

Deno.test("Watching tells the present state, then only later ones, then the end", async () => {
  const reads = [progress(3), progress(4), progress(4), progress(2), progress(6), done];
  assert.deepEqual(names(await told(progress(3), reads)), [3, 4, 6, 9, "end"]);
});

Deno.test("Watching what is over tells it and ends at once", async () => {
  assert.deepEqual(names(await told(done, [])), [9, "end"]);
});

Deno.test("A campaign that is over is watched while its texts get their outcome", async () => {
  const over = progress(7, { status: "completed", messages: { sent: 1 } });
  assert.deepEqual(names(await told(over, [over, over, done])), [7, 9, "end"]);
  const stuck = { ...over, changed_at: new Date(Date.now() - 60_000).toISOString() };
  assert.deepEqual(names(await told(stuck, [])), [7, "end"], "but not without end");
});

Deno.test("Who may no longer watch is told why", async () => {
  for (const status of [401, 403, 404] as const) {
    const problem = new Problem(status, "some_code", "Why.");
    const news = await told(progress(1), [progress(2), problem]);
    assert.deepEqual(news.at(-1), { event: "refused", problem });
    assert.deepEqual(names(news), [1, 2, "refused"]);
  }
});

Deno.test("Failures to read pass, and after many in a row the client connects anew", async () => {
  const broken = new Problem(500, "internal", "Something went wrong.");
  const cut = new TypeError("error sending request");
  assert.deepEqual(names(await told(progress(1), [broken, cut, cut, done])), [1, 9, "end"]);
  assert.deepEqual(names(await told(progress(1), [broken])), [1, "renew"]);
});

Deno.test("A silent campaign is heard to be alive, and a long connection is renewed", async () => {
  const news = names(await told(progress(1), [progress(1)], { heartbeatMs: 5, forMs: 60 }));
  assert.equal(news[0], 1);
  assert.equal(news.at(-1), "renew");
  assert(news.length > 2 && news.slice(1, -1).every((item) => item === "heartbeat"), `${news}`);
});

Deno.test("Nothing is read any more once the client has gone", async () => {
  const gone = new AbortController();
  let reads = 0;
  const read = () => Promise.resolve(progress(++reads));
  const news = watch(progress(0), { read, signal: gone.signal, everyMs: 60_000 });
  assert.equal((await news.next()).value?.event, "progress");
  const next = news.next();
  gone.abort();
  assert.deepEqual(await next, { value: undefined, done: true });
  assert.equal(reads, 0);
});
