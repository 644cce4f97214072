import postgres from "postgres";
import { messageOf, warn } from "../log.ts";
import { createClock, type TimedJob } from "./clock.ts";
import { parseSchedule } from "./schedule.ts";

interface Job extends TimedJob {
  command: string;
  database: string;
  username: string;
}

const TICK_MS = 250;
const STOP_LIMIT_MS = 1000;

/** Runs the jobs of `cron.job` for the pg_cron stand-in. */
export async function startCron(adminUrl: string): Promise<{ stop(): Promise<void> }> {
  const sql = postgres(adminUrl, {
    max: 3,
    onnotice: () => {},
    connection: { application_name: "pg_cron scheduler" },
  });
  let jobs: Job[] = [];
  const reload = async () => void (jobs = await readJobs(sql));
  const clock = createClock<Job>(
    (job) =>
      runJob(sql, adminUrl, job).catch((error) => warn(`cron job ${job.id}: ${messageOf(error)}`)),
    new Date(),
  );
  await sql.listen("cron_job", reload, reload);
  const timer = setInterval(() => clock.tick(jobs, new Date()), TICK_MS);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.race([clock.stop(), new Promise((done) => setTimeout(done, STOP_LIMIT_MS))]);
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
