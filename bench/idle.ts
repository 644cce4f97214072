import type postgres from "postgres";
import { until } from "../tests/support/wait.ts";
import type { Bench, Benchmark } from "./support/benchmark.ts";
import { usageOf } from "./support/process_cpu.ts";

const seconds = 120;

/** By then functions and database have loaded what the jobs of a minute need. */
async function isWarm(sql: postgres.Sql): Promise<boolean> {
  const [row] = await sql`
    select count(*)::integer as cold from cron.job j
    where j.active and j.schedule = '* * * * *' and 2 > (
      select count(*) from cron.job_run_details d where d.jobid = j.jobid and d.end_time is not null)`;
  return row?.cold === 0;
}

async function run({ pid, sql, say }: Bench) {
  if (Deno.build.os !== "linux") {
    return { rows: [], notes: ["Linux alone counts what is asked here."] };
  }
  await until(() => isWarm(sql), { timeoutMs: 300_000, what: "two runs of each job of a minute" });
  say(`  at rest for ${seconds} s`);
  const before = usageOf(pid);
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const after = usageOf(pid);
  const share = (used: number) => 100 * used / (performance.now() - started);
  const own = share(after.own - before.own);
  const postgres = share(after.postgres - before.postgres);
  return {
    rows: [
      { what: "everything", ours: own + postgres, unit: "%", target: { atMost: 3 } },
      { what: "of it functions, API and jobs", ours: own, unit: "%" },
      { what: "of it PostgreSQL", ours: postgres, unit: "%" },
      { what: "memory", ours: after.memory / 2 ** 20, unit: "MB" },
    ],
    notes: [
      `The share of one core that a stack with demo data uses while nobody asks it for anything, over ${seconds} s. The ` +
      "processor counts, not the clock. Memory is of all its processes, shared pages counted once.",
    ],
  };
}

/** What a stack costs that nobody uses. */
export const idle: Benchmark = { title: "At rest", run };
