import postgres from "postgres";
import { messageOf, warn } from "../log.ts";
import { parseSchedule, type Schedule } from "./schedule.ts";

interface Job {
  id: string;
  command: string;
  database: string;
  username: string;
  schedule: Schedule;
}

interface JobState {
  running: boolean;
  /** A run became due while one was under way; pg_cron starts it right after. */
  queued: boolean;
  lastStart: number;
}

/** The worker of the pg_cron stand-in. */
export interface CronWorker {
  /** Looks which jobs are due. The stack's clock calls it; tests call it with a time of their own. */
  tick(now: Date): void;
  stop(): Promise<void>;
}

const TICK_MS = 250;

/** Runs the jobs of `cron.job`. What was due while no stack ran is not caught up. */
export async function startCron(adminUrl: string): Promise<CronWorker> {
  const sql = postgres(adminUrl, {
    max: 3,
    onnotice: () => {},
    connection: { application_name: "pg_cron scheduler" },
  });
  const states = new Map<string, JobState>();
  const runs = new Set<Promise<void>>();
  let jobs: Job[] = [];
  let lastMinute = Math.floor(Date.now() / 60_000);
  const reload = async () => void (jobs = await readJobs(sql));

  function start(job: Job, state: JobState): void {
    state.running = true;
    state.lastStart = Date.now();
    const run = runJob(sql, adminUrl, job)
      .catch((error) => warn(`cron job ${job.id}: ${messageOf(error)}`))
      .finally(() => {
        runs.delete(run);
        state.running = false;
        if (state.queued && !stopped) start(job, Object.assign(state, { queued: false }));
      });
    runs.add(run);
  }

  function tick(now: Date): void {
    const minute = Math.floor(now.getTime() / 60_000);
    const newMinute = minute !== lastMinute;
    lastMinute = minute;
    for (const job of jobs) {
      const state = states.get(job.id) ??
        { running: false, queued: false, lastStart: now.getTime() };
      states.set(job.id, state);
      const due = "everyMs" in job.schedule
        ? !state.running && now.getTime() - state.lastStart >= job.schedule.everyMs
        : newMinute && job.schedule.isDue(now);
      if (due && state.running) state.queued = true;
      else if (due) start(job, state);
    }
  }

  let stopped = false;
  await sql.listen("cron_job", reload, reload);
  const timer = setInterval(() => tick(new Date()), TICK_MS);
  return {
    tick,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await Promise.race([Promise.all(runs), new Promise((done) => setTimeout(done, 1000))]);
      await sql.end({ timeout: 1 });
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
      return [{
        id: String(jobid),
        command,
        database,
        username,
        schedule: parseSchedule(row.schedule),
      }];
    } catch (error) {
      warn(`cron job ${row.jobid}: ${messageOf(error)}`);
      return [];
    }
  });
}

/** Runs a job as its user and records the run as pg_cron does. */
async function runJob(sql: postgres.Sql, adminUrl: string, job: Job): Promise<void> {
  const [details] = await sql`
    insert into cron.job_run_details (jobid, database, username, command, status, start_time)
    values (${job.id}, ${job.database}, ${job.username}, ${job.command}, 'running', clock_timestamp())
    returning runid`;
  const finish = (status: string, message: string) =>
    sql`
      update cron.job_run_details
      set status = ${status}, return_message = ${message}, end_time = clock_timestamp()
      where runid = ${details?.runid}`;
  const url = new URL(adminUrl);
  url.pathname = `/${job.database}`;
  const connection = postgres(url.href, {
    max: 1,
    onnotice: () => {},
    connection: { application_name: "pg_cron" },
  });
  try {
    await connection`set session authorization ${connection(job.username)}`;
    await finish("succeeded", resultOf(await connection.unsafe(job.command).simple()));
  } catch (error) {
    await finish("failed", `ERROR:  ${messageOf(error)}\n`);
  } finally {
    await connection.end({ timeout: 1 });
  }
}

type Result = postgres.RowList<postgres.Row[]>;

/** pg_cron reports the rows of a query, or the tag of another statement. */
function resultOf(result: Result | Result[]): string {
  const several = (value: Result | Result[]): value is Result[] => !("command" in value);
  const last = several(result) ? result.at(-1) : result;
  if (!last) return "";
  if (last.command === "SELECT") return `${last.count} row${last.count === 1 ? "" : "s"}`;
  if (last.command === "INSERT") return `INSERT 0 ${last.count}`;
  return last.count === null ? last.command : `${last.command} ${last.count}`;
}
