import type postgres from "postgres";
import { parseTimestamp } from "../../supabase/functions/_shared/timestamp.ts";
import { parseSchedule } from "../jobs/schedule.ts";
import type { Status } from "../status_file.ts";

/** What the page shows besides the functions' lines. */
export interface ConsoleState {
  texts: unknown[];
  replies: unknown[];
  mails: unknown[];
  spreadsheets: unknown[];
  jobs: Job[];
  receivers: unknown[];
}

/** A cron job, or a task that one runs. */
export interface Job {
  name: string;
  /** The cron job that runs it; null: it is one. */
  task_of: string | null;
  schedule: string | null;
  active: boolean;
  last_started_at: string | null;
  last_status: string | null;
  last_message: string | null;
  /** ISO 8601; null: nobody knows. */
  next_at: string | null;
}

const shown = 300;

async function jsonOf(url: string): Promise<unknown[]> {
  const response = await fetch(url);
  const body: unknown = await response.json();
  return Array.isArray(body) ? body : [];
}

function nextRun(schedule: string, lastStart: string | null): string | null {
  try {
    const parsed = parseSchedule(schedule);
    if ("next" in parsed) return parsed.next()?.toISOString() ?? null;
    return lastStart && new Date(parseTimestamp(lastStart) + parsed.everyMs).toISOString();
  } catch {
    return null;
  }
}

async function readCronJobs(sql: postgres.Sql): Promise<Job[]> {
  const rows = await sql`
    select j.jobname as name, null as task_of, j.schedule, j.active, to_json(d.start_time) #>> '{}' as last_started_at,
      d.status as last_status, d.return_message as last_message
    from cron.job j left join lateral (
      select start_time, status, return_message from cron.job_run_details d
      where d.jobid = j.jobid order by d.runid desc limit 1) d on true
    order by j.jobname`;
  return rows.map((row) => ({
    ...row as unknown as Omit<Job, "next_at">,
    next_at: nextRun(row["schedule"], row["last_started_at"]),
  }));
}

/** How the tasks of cron jobs last ended: cron itself knows of no task that fails. A project of tests has none. */
async function readTasks(sql: postgres.Sql): Promise<Job[]> {
  const [known] = await sql`select to_regclass('private.job_runs') is not null as there`;
  if (!known?.["there"]) return [];
  return await sql<Job[]>`
    select j.name, j.task_of, null as schedule, true as active,
      to_json(greatest(r.succeeded_at, r.failed_at)) #>> '{}' as last_started_at,
      case when r.failures > 0 then 'failed' when r.succeeded_at is not null then 'succeeded' end as last_status,
      case when r.failures > 1 then format('%s (%s times in a row)', r.last_error, r.failures)
        else r.last_error end as last_message,
      null as next_at
    from private.jobs j left join private.job_runs r on r.job = j.name
    where j.task_of is not null order by j.position, j.name`;
}

async function readJobs(sql: postgres.Sql): Promise<Job[]> {
  const [jobs, tasks] = await Promise.all([readCronJobs(sql), readTasks(sql)]);
  return jobs.flatMap((job) => [job, ...tasks.filter(({ task_of }) => task_of === job.name)]);
}

/** The newest texts, mails and runs of jobs. */
export async function readState(sql: postgres.Sql, status: Status): Promise<ConsoleState> {
  const [texts, replies, mails, spreadsheets, jobs, receivers] = await Promise.all([
    jsonOf(`${status.carrier_url}/messages?newest=${shown}`),
    jsonOf(`${status.carrier_url}/replies`),
    jsonOf(`${status.mail_url}/messages`),
    jsonOf(`${status.google_url}/spreadsheets`),
    readJobs(sql),
    jsonOf(`${status.mail_url}/receivers`),
  ]);
  return {
    texts,
    replies: replies.slice(-shown),
    mails: mails.slice(-shown).reverse(),
    spreadsheets,
    jobs,
    receivers,
  };
}
