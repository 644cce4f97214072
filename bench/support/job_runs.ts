/** One run of a job that had something to do; times in ms since 1970. */
export interface JobRun {
  started: number;
  ended: number;
  sent: number;
}

interface JobLine {
  event?: string;
  job?: string;
  at?: string;
  ms?: number;
  sent?: number;
}

function parse(line: string): JobLine {
  try {
    return line.startsWith("{") ? JSON.parse(line) : {};
  } catch {
    return {};
  }
}

/** The runs of a job that sent something, from the log lines of a stack. */
export function jobRuns(log: string, job: string): JobRun[] {
  return log.split("\n").map(parse).flatMap(({ event, job: name, at, ms = 0, sent = 0 }) => {
    if (event !== "job" || name !== job || at === undefined || sent === 0) return [];
    const ended = Date.parse(at);
    return [{ started: ended - ms, ended, sent }];
  });
}

/** How many of the runs were under way at the same time, at most. */
export function mostAtOnce(runs: JobRun[]): number {
  return Math.max(
    0,
    ...runs.map(({ started }) =>
      runs.filter((run) => run.started <= started && run.ended > started).length
    ),
  );
}
