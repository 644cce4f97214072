import assert from "node:assert/strict";

/** Gives a number from 0 to sides - 1. */
export type Dice = (sides: number) => number;

/** A generator that gives the same numbers for the same seed. */
export function dice(seed: number): Dice {
  return (sides) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 4_294_967_296 * sides);
  };
}

export function pick<T>(roll: Dice, list: readonly T[]): T {
  const chosen = list[roll(list.length)];
  assert.ok(chosen !== undefined);
  return chosen;
}

/** The seed of a run: chosen by chance, or given to repeat one. */
export const seedOf = (variable: string): number =>
  Number(Deno.env.get(variable) ?? Date.now() % 1_000_000);
