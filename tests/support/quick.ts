import assert from "node:assert/strict";

/** How long the loop below takes on a machine that does nothing else. */
const QUIET_MS = 30;
/** A machine of the slower sort. */
const SLOW = 3;

/** How many times slower than a quiet one the machine is at this moment. */
function pace(): number {
  const started = performance.now();
  let sum = 0;
  for (let turn = 0; turn < 20_000_000; turn++) sum = Math.imul(sum, 31) + turn | 0;
  const took = performance.now() - started;
  return Math.max(1, sum === 0 ? 1 : took / QUIET_MS);
}

/** Asserts that what began at `started` (performance.now) took less than this on a machine that has time for it. */
export function assertQuick(started: number, limitMs: number, what = "it"): void {
  const took = performance.now() - started;
  if (took < limitMs * SLOW) return;
  const allowed = limitMs * SLOW * pace();
  assert.ok(took < allowed, `${what} took ${took} ms, ${allowed} ms were allowed`);
}
