import { median, timed } from "./support/benchmark.ts";

/** Of a job that works in slices, each a transaction: milliseconds in all, and of the longest. */
export interface Slices {
  total: number;
  longest: number;
}

/** What Supabase lets a statement take. */
export const longestStatement = { atMost: 8_000 };
/** Runs slices until `step` says that there is nothing left. */
export async function inSlices(step: () => Promise<boolean>): Promise<Slices> {
  const times: number[] = [];
  for (let more = true; more;) {
    times.push(
      await timed(async () => {
        more = await step();
      }),
    );
  }
  return { total: times.reduce((sum, time) => sum + time, 0), longest: Math.max(...times) };
}

/** The middle of three. */
export async function ofThree(work: () => Promise<number>): Promise<number> {
  return median([await work(), await work(), await work()]);
}
