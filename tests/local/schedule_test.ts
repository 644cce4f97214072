import assert from "node:assert/strict";
import { createClock } from "../../local/jobs/clock.ts";
import { parseSchedule } from "../../local/jobs/schedule.ts";

const cases: [string, string, boolean][] = [
  ["* * * * *", "2026-11-21T05:00:00Z", true],
  ["*/15 * * * *", "2026-11-21T05:30:59Z", true],
  ["*/15 * * * *", "2026-11-21T05:31:00Z", false],
  ["17 2 * * *", "2026-11-21T02:17:00Z", true],
  ["0 9-17 * * mon-fri", "2026-11-20T09:00:00Z", true],
  ["0 9-17 * * mon-fri", "2026-11-21T09:00:00Z", false],
  ["0 0 $ * *", "2026-02-28T00:00:00Z", true],
  ["0 0 $ * *", "2026-02-27T00:00:00Z", false],
  ["0 0 1 * 0", "2026-11-01T00:00:00Z", true],
  ["0 0 1 * 6", "2026-11-21T00:00:00Z", true],
  ["0 0 * * 7", "2026-11-22T00:00:00Z", true],
  ["@hourly", "2026-11-21T05:00:00Z", true],
  ["@daily", "2026-11-21T05:00:00Z", false],
];
for (const [text, time, due] of cases) {
  Deno.test(`the schedule ${text} is ${due ? "" : "not "}due at ${time}`, () => {
    const schedule = parseSchedule(text);
    assert.equal("isDue" in schedule && schedule.isDue(new Date(time)), due);
  });
}

Deno.test("an interval is read in seconds, and nonsense is refused", () => {
  assert.deepEqual(parseSchedule("30 seconds"), { everyMs: 30_000 });
  for (const text of ["", "60 seconds", "* * * *", "* * * * * *", "61 * * * *", "soon"]) {
    assert.throws(() => parseSchedule(text), text);
  }
});

function clockWithRuns(start: string) {
  const runs: { id: string; end: () => void }[] = [];
  const clock = createClock(
    ({ id }: { id: string; schedule: ReturnType<typeof parseSchedule> }) =>
      new Promise<void>((end) => runs.push({ id, end })),
    new Date(start),
  );
  return { clock, runs };
}

Deno.test("a job of minutes runs once a minute, however often the clock ticks", () => {
  const { clock, runs } = clockWithRuns("2026-11-21T05:00:30Z");
  const jobs = [{ id: "a", schedule: parseSchedule("* * * * *") }];
  clock.tick(jobs, new Date("2026-11-21T05:00:31Z"));
  assert.equal(runs.length, 0);
  clock.tick(jobs, new Date("2026-11-21T05:01:00Z"));
  clock.tick(jobs, new Date("2026-11-21T05:01:01Z"));
  assert.equal(runs.length, 1);
});

Deno.test("what was due while nobody looked is not caught up", () => {
  const { clock, runs } = clockWithRuns("2026-11-21T05:00:00Z");
  clock.tick([{ id: "a", schedule: parseSchedule("* * * * *") }], new Date("2026-11-21T09:00:00Z"));
  assert.equal(runs.length, 1);
});

Deno.test("a job never runs twice at once: a run that falls due meanwhile follows", async () => {
  const { clock, runs } = clockWithRuns("2026-11-21T05:00:00Z");
  const jobs = [{ id: "a", schedule: parseSchedule("* * * * *") }];
  for (const minute of ["01", "02", "03"]) {
    clock.tick(jobs, new Date(`2026-11-21T05:${minute}:00Z`));
  }
  assert.equal(runs.length, 1);
  runs[0]?.end();
  await new Promise((done) => queueMicrotask(() => setTimeout(done)));
  assert.equal(runs.length, 2);
});

Deno.test("an interval counts from the last start, and a running job is left alone", async () => {
  const { clock, runs } = clockWithRuns("2026-11-21T05:00:00Z");
  const jobs = [{ id: "a", schedule: parseSchedule("2 seconds") }];
  const at = (second: number) => clock.tick(jobs, new Date(Date.UTC(2026, 10, 21, 5, 0, second)));
  at(0);
  at(1);
  assert.equal(runs.length, 0);
  at(2);
  at(5);
  assert.equal(runs.length, 1);
  runs[0]?.end();
  await new Promise((done) => queueMicrotask(() => setTimeout(done)));
  at(6);
  assert.equal(runs.length, 2);
});

Deno.test("the clock sleeps until the next minute, or until the next interval is over", async () => {
  const { clock, runs } = clockWithRuns("2026-11-21T05:00:00Z");
  const minutes = [{ id: "a", schedule: parseSchedule("17 2 * * *") }];
  const seconds = [...minutes, { id: "b", schedule: parseSchedule("5 seconds") }];
  const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 5, 0, second));
  assert.equal(clock.tick(minutes, at(10)), 50_000);
  assert.equal(clock.tick(seconds, at(20)), 5_000);
  assert.equal(clock.tick(seconds, at(22)), 3_000);
  assert.equal(clock.tick(seconds, at(25)), 35_000, "a running job is not waited for");
  runs[0]?.end();
  await new Promise((done) => queueMicrotask(() => setTimeout(done)));
  assert.equal(clock.tick(seconds, at(26)), 4_000);
});
