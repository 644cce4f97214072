import type { Schedule } from "./schedule.ts";

/** A job as far as time is concerned. */
export interface TimedJob {
  id: string;
  schedule: Schedule;
}

interface JobState {
  running: boolean;
  /** A run became due while one was under way; it starts right after, as in pg_cron. */
  queued: boolean;
  lastStart: number;
}

/** Decides when jobs run: one run of a job at a time, nothing caught up, intervals from start to start. */
export interface Clock<Job extends TimedJob> {
  /** Starts what is due, and gives the milliseconds until something is due again; the end of a run may change them. */
  tick(jobs: Job[], now: Date): number;
  /** Starts nothing more, and settles when what runs has ended. */
  stop(): Promise<void>;
}

/** `run` must not reject. `startedAt` is the time before which nothing was due. */
export function createClock<Job extends TimedJob>(
  run: (job: Job) => Promise<void>,
  startedAt: Date,
): Clock<Job> {
  const states = new Map<string, JobState>();
  const runs = new Set<Promise<void>>();
  let lastMinute = minuteOf(startedAt);
  let stopped = false;

  function start(job: Job, state: JobState): void {
    state.running = true;
    const ended = run(job).finally(() => {
      runs.delete(ended);
      state.running = false;
      if (!state.queued || stopped) return;
      state.queued = false;
      start(job, state);
    });
    runs.add(ended);
  }

  function stateOf(job: Job, now: Date): JobState {
    const state = states.get(job.id) ?? { running: false, queued: false, lastStart: now.getTime() };
    states.set(job.id, state);
    return state;
  }

  return {
    tick(jobs, now) {
      if (stopped) return MINUTE;
      const newMinute = minuteOf(now) !== lastMinute;
      lastMinute = minuteOf(now);
      let wait = MINUTE - now.getTime() % MINUTE;
      for (const job of jobs) {
        const state = stateOf(job, now);
        const due = "everyMs" in job.schedule
          ? !state.running && now.getTime() - state.lastStart >= job.schedule.everyMs
          : newMinute && job.schedule.isDue(now);
        if (due && state.running) state.queued = true;
        else if (due) start(job, Object.assign(state, { lastStart: now.getTime() }));
        if ("everyMs" in job.schedule && !state.running) {
          wait = Math.min(wait, state.lastStart + job.schedule.everyMs - now.getTime());
        }
      }
      return wait;
    },
    async stop() {
      stopped = true;
      await Promise.all(runs);
    },
  };
}

const MINUTE = 60_000;
const minuteOf = (time: Date) => Math.floor(time.getTime() / MINUTE);
