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

/** The list in a random order. */
export function shuffled<T>(roll: Dice, list: readonly T[]): T[] {
  const left = [...list];
  return list.map(() => left.splice(roll(left.length), 1)).flat();
}

/** What random tests begin with: the variable SEED, which `deno task test:endurance` sets anew each time and prints. */
export const SEED = Number(Deno.env.get("SEED") ?? 1);

/** How often a random test tries: many times if a seed is given, few times with the usual one. */
export const tries = (few: number, many: number): number => Deno.env.has("SEED") ? many : few;

/** One of the values for the first operation of a walk, another for the next; with a seed all of them, for each. */
export const someOf = <T>(values: readonly T[], index: number): readonly T[] =>
  values.filter((_, at) => (at + index + SEED) % tries(values.length, 1) === 0);
