import type postgres from "postgres";

/** A kind of work that tenants ask for, and how late it may be done. */
export interface Work {
  name: string;
  /** How many of it come for each text. */
  perText: number;
  /** p95 of its time from when it was due, in ms, from which on it is broken. */
  limitMs: number;
  run(): Promise<unknown>;
}

/** The time that 95 of a hundred keep, in ms. */
export function p95(times: number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(0.95 * (sorted.length - 1))] ?? 0;
}

/** How late each kind of work was, counted from when it was due: one that waits makes those behind it late, too. */
export interface Clock {
  times: Map<string, number[]>;
  /** What has begun and not ended. */
  under: Set<Promise<unknown>>;
}

export function note({ times }: Clock, name: string, ms: number): void {
  const known = times.get(name);
  if (known) known.push(ms);
  else times.set(name, [ms]);
}

/** Counts some work from when it was due. */
export function start(clock: Clock, name: string, due: number, work: Promise<unknown>): void {
  const running = work.then(() => note(clock, name, performance.now() - due));
  clock.under.add(running);
  running.finally(() => clock.under.delete(running));
}

/** Starts some work at an even rate, whether what was started before is done or not, until `until`. */
export async function arrive(work: Work, rate: number, until: number, clock: Clock): Promise<void> {
  const every = 1_000 / (rate * work.perText);
  for (let due = performance.now() + Math.random() * every; due < until; due += every) {
    const early = due - performance.now();
    if (early > 0) await new Promise((done) => setTimeout(done, early));
    start(clock, work.name, due, work.run());
  }
}

/** What PostgreSQL's connections wait for, asked ten times a second. */
export async function watchWaits(sql: postgres.Sql, until: number): Promise<string[]> {
  const counts = new Map<string, number>();
  while (performance.now() < until) {
    const rows = await sql`
      select coalesce(wait_event_type || ':' || wait_event, 'processor') as what
      from pg_stat_activity where state = 'active' and pid <> pg_backend_pid()`;
    for (const { what } of rows) counts.set(what, (counts.get(what) ?? 0) + 1);
    await new Promise((done) => setTimeout(done, 100));
  }
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, 3)
    .map(([what, count]) => `${what} ${Math.round(100 * count / all)} %`);
}
