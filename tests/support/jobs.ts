import { database } from "./db.ts";
import { call, expectStatus } from "./http.ts";
import { stackUnderTest } from "./stack.ts";
import { until } from "./wait.ts";

/** Starts a job of the jobs function over HTTP, as its schedule would, without waiting for its time. */
export async function startJob(name: string, body?: unknown): Promise<void> {
  const headers = { apikey: stackUnderTest().secret_key };
  expectStatus(await call(null, "POST", `/jobs/${name}`, body, headers), 202);
}

/** Has the database start a job, as its triggers and schedules do. */
export async function invoke(job: string): Promise<void> {
  await database()`select private.invoke(${`jobs/${job}`})`;
}

/**
 * Runs the function of a task, such as `run_scoring`. Then waits until the cron job beside the test has ended: each
 * passes over the rows that the other holds.
 */
export async function runTask(name: string): Promise<void> {
  const sql = database();
  await sql`select ${sql(`private.${name}`)}()`;
  await until(async () => {
    const running = await sql`
      select from cron.job_run_details d join cron.job j using (jobid)
      where j.jobname = 'minute-tasks' and d.status = 'running'`;
    return running.length === 0;
  }, { what: "the end of the cron job" });
}
