import type postgres from "postgres";
import type { Status } from "../../local/status_file.ts";

/** One line of the table: what we need, what the baseline needs, and how far apart they may be. */
export interface Row {
  what: string;
  /** In `unit`; for rates more is better. */
  ours: number;
  /** Measured in the same run; the target is for the ratio then, else for `ours` itself. */
  baseline?: number;
  unit: string;
  /** Without a target the row is for information. */
  target?: { atMost: number } | { atLeast: number };
}

/** What a benchmark works with: a stack of its own that nobody else uses. */
export interface Bench {
  status: Status;
  /** The stack's process. */
  pid: number;
  /** The stack's data folder, by which the helpers of the tests find it. */
  folder: string;
  /** The stack's database as the owner of the tables, whom row level security does not bind. */
  sql: postgres.Sql;
  /** What the stack printed so far, the functions' log lines among it. */
  log(): Promise<string>;
  /** Tells people what is going on. */
  say: (line: string) => void;
}

/** What a benchmark found; notes explain figures that need it. */
export interface Findings {
  rows: Row[];
  notes?: string[];
}

/** A benchmark: a title for its part of the table, and the work. */
export interface Benchmark {
  title: string;
  run(bench: Bench): Promise<Findings>;
}

/** The middle one of some figures; it ignores what else the machine was doing now and then. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? NaN)) / 2 : upper;
}

/** Milliseconds that some work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * Measures two things in turn, so that a slower minute of the machine is a slower minute for both, and gives the median
 * of each. Who goes first changes from round to round. A first round, to warm up, is not counted when `warm` is set.
 */
export async function alternate(
  rounds: number,
  ours: () => Promise<number>,
  baseline: () => Promise<number>,
  { warm = true }: { warm?: boolean } = {},
): Promise<{ ours: number; baseline: number }> {
  const figures = { ours: [] as number[], baseline: [] as number[] };
  for (let round = warm ? -1 : 0; round < rounds; round++) {
    const measured = round % 2 === 0
      ? { ours: await ours(), baseline: await baseline() }
      : await baseline().then(async (first) => ({ ours: await ours(), baseline: first }));
    if (round < 0) continue;
    figures.ours.push(measured.ours);
    figures.baseline.push(measured.baseline);
  }
  return { ours: median(figures.ours), baseline: median(figures.baseline) };
}
