import type postgres from "postgres";
import { messageOf, warn } from "../log.ts";
import { createClock, type TimedJob } from "./clock.ts";
import { createRunner, type Runner } from "./runner.ts";
import { parseSchedule } from "./schedule.ts";

interface Job extends TimedJob {
  command: string;
  database: string;
  username: string;
}

const STOP_LIMIT_MS = 1000;

/** Runs the jobs of `cron.job` for the pg_cron stand-in, and sleeps until the next is due. */
export async function startCron(
  sql: postgres.Sql,
  adminUrl: string,
): Promise<{ stop(): Promise<void> }> {
  const runners = new Map<string, Runner>();
  let jobs: Job[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  const lookIn = (milliseconds: number) => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(look, milliseconds);
  };
  const look = () => lookIn(clock.tick(jobs, new Date()));
  const clock = createClock<Job>(async (job) => {
    await runJob(sql, runnerOf(job), job).catch((error) =>
      warn(`cron job ${job.id}: ${messageOf(error)}`)
    );
    lookIn(0);
  }, new Date());

  function runnerOf({ database, username }: Job): Runner {
    const url = new URL(adminUrl);
    url.pathname = `/${database}`;
    url.username = username;
    const runner = runners.get(url.href) ?? createRunner(url.href);
    runners.set(url.href, runner);
    return runner;
  }

  const reload = async () => {
    jobs = await readJobs(sql);
    look();
  };
  const { unlisten } = await sql.listen("cron_job", reload, reload);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await unlisten();
      await Promise.race([clock.stop(), new Promise((done) => setTimeout(done, STOP_LIMIT_MS))]);
      await Promise.all(Array.from(runners.values(), (runner) => runner.stop()));
    },
  };
}

async function readJobs(sql: postgres.Sql): Promise<Job[]> {
  const [table] = await sql`select to_regclass('cron.job') as name`;
  if (!table?.name) return [];
  const rows =
    await sql`select jobid, schedule, command, database, username from cron.job where active`;
  return rows.flatMap((row) => {
    try {
      const { jobid, command, database, username } = row;
      const schedule = parseSchedule(row.schedule);
      return [{ id: String(jobid), command, database, username, schedule }];
    } catch (error) {
      warn(`cron job ${row.jobid}: ${messageOf(error)}`);
      return [];
    }
  });
}

/** Runs a job as its user and records the run as pg_cron does. */
async function runJob(sql: postgres.Sql, runner: Runner, job: Job): Promise<void> {
  const [details] = await sql`
    insert into cron.job_run_details (jobid, database, username, command, status, start_time)
    values (${job.id}, ${job.database}, ${job.username}, ${job.command}, 'running', clock_timestamp())
    returning runid`;
  const { status, message } = await runner.run(job.command).then(
    (result) => ({ status: "succeeded", message: result }),
    (error) => ({ status: "failed", message: `ERROR:  ${messageOf(error)}\n` }),
  );
  await sql`
    update cron.job_run_details
    set status = ${status}, return_message = ${message}, end_time = clock_timestamp()
    where runid = ${details?.runid}`;
}
