import assert from "node:assert/strict";
import postgres from "postgres";
import { parseSchedule } from "../../local/jobs/schedule.ts";
import { freePorts } from "../support/free_ports.ts";
import { startStack } from "../support/own_stack.ts";
import type { SpawnedStack } from "../support/spawn.ts";
import { until } from "../support/wait.ts";

const MINUTE = 60_000;
const MINUTES = 2;

/** A request that a function answered, from its log line. */
interface Request {
  event: string;
  at: string;
  path: string;
  status: number;
}

/** From when on, and until when, in ms since 1970. */
interface Span {
  from: number;
  to: number;
}

async function requestsIn(stack: SpawnedStack, { from, to }: Span): Promise<Request[]> {
  const lines = (await stack.log()).split("\n").filter((line) => line.startsWith('{"'));
  return lines.map((line): Request => JSON.parse(line)).filter(({ event, at }) =>
    event === "request" && Date.parse(at) > from && Date.parse(at) < to
  );
}

/** How often each job's schedule names a minute of this span. */
async function scheduled(sql: postgres.Sql, { from, to }: Span): Promise<Map<string, number>> {
  const jobs = await sql`select jobname, schedule, command from cron.job where active`;
  const minutes = Array.from(
    { length: MINUTES },
    (_, n) => new Date((Math.floor(from / MINUTE) + 1 + n) * MINUTE),
  );
  assert.ok(minutes.every((minute) => minute.getTime() < to));
  return new Map(jobs.flatMap(({ jobname, schedule: text }) => {
    const schedule = parseSchedule(text);
    return "isDue" in schedule
      ? [[String(jobname), minutes.filter((minute) => schedule.isDue(minute)).length]]
      : [];
  }));
}

const countBy = <T>(items: T[], key: (item: T) => string): Record<string, number> =>
  Object.fromEntries(
    Object.entries(Object.groupBy(items, key)).map(([name, some]) => [name, some?.length ?? 0]),
  );

Deno.test("a stack that nobody uses calls the functions of its schedule, each when it is due, and nothing else", async () => {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-idle-" });
  const stack = await startStack(folder, freePorts(32_100));
  const sql = postgres(stack.status.db_url, { max: 1 });
  try {
    // Not close to a full minute, so that no run is on either side.
    const from = await until(() => {
      const second = new Date().getUTCSeconds();
      return second >= 5 && second < 45 && Date.now();
    }, { what: "the middle of a minute" });
    const span = { from, to: from + MINUTES * MINUTE };
    await until(() => Date.now() > span.to, { timeoutMs: 300_000, what: "two minutes at rest" });

    const due = await scheduled(sql, span);
    const jobs = await sql`select jobname, command from cron.job where active`;
    const expected = jobs.flatMap(({ jobname, command }) => {
      const path = /private\.invoke\('(jobs\/[a-z-]+)'/.exec(command)?.[1];
      const times = due.get(jobname) ?? 0;
      return path && times > 0 ? [[`/${path} 202`, times] as const] : [];
    });
    assert.ok(expected.length > 0);
    const requests = await requestsIn(stack, span);
    assert.deepEqual(
      countBy(requests, ({ path, status }) => `${path} ${status}`),
      Object.fromEntries(expected),
    );

    const runs = await sql`
      select j.jobname from cron.job_run_details d join cron.job j using (jobid)
      where d.start_time > ${new Date(span.from)} and d.start_time < ${new Date(span.to)}
        and d.status = 'succeeded' and j.schedule not like '%second%'`;
    assert.deepEqual(
      countBy([...runs], ({ jobname }) => jobname),
      Object.fromEntries([...due].filter(([, times]) => times > 0)),
    );
  } finally {
    await sql.end();
    await stack.remove();
  }
});
