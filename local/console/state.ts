import type postgres from "postgres";
import { parseTimestamp } from "../../supabase/functions/_shared/timestamp.ts";
import { parseSchedule } from "../jobs/schedule.ts";
import type { Status } from "../status_file.ts";

/** What the page shows besides the functions' lines. */
export interface ConsoleState {
  texts: unknown[];
  replies: unknown[];
  mails: unknown[];
  jobs: Job[];
}

export interface Job {
  name: string;
  schedule: string;
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

async function readJobs(sql: postgres.Sql): Promise<Job[]> {
  const rows = await sql`
    select j.jobname as name, j.schedule, j.active, to_json(d.start_time) #>> '{}' as last_started_at,
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

/** The newest texts, mails and runs of jobs. */
export async function readState(sql: postgres.Sql, status: Status): Promise<ConsoleState> {
  const [texts, replies, mails, jobs] = await Promise.all([
    jsonOf(`${status.carrier_url}/messages?newest=${shown}`),
    jsonOf(`${status.carrier_url}/replies`),
    jsonOf(`${status.mail_url}/messages`),
    readJobs(sql),
  ]);
  return { texts, replies: replies.slice(-shown), mails: mails.slice(-shown).reverse(), jobs };
}
