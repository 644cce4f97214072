import { parseTimestamp } from "../_shared/timestamp.ts";

const shortestMs = 50;
const longestEmptyMs = 5_000;

/**
 * How long a run waits before it asks the queue again.
 * @param nextDueAt when something falls due, as the database says it; null if nothing does soon.
 * @param emptySteps how often in a row the queue handed out nothing. What the database calls due but hands to nobody
 * (another run holds it, a rule keeps it back) is asked for at growing distances, so that no run asks without a pause.
 * @returns milliseconds; Infinity if nothing falls due.
 */
export function msUntilDue(nextDueAt: string | null, emptySteps: number, now = Date.now()): number {
  if (nextDueAt === null) return Infinity;
  const shortest = Math.min(shortestMs * 2 ** Math.max(emptySteps - 1, 0), longestEmptyMs);
  return Math.max(parseTimestamp(nextDueAt) - now, shortest);
}
