import assert from "node:assert/strict";
import {
  differenceByChance,
  significantlyHigher,
  wilson,
} from "../../supabase/functions/analytics/statistics.ts";

Deno.test("Wilson intervals are those that Newcombe published (1998, table I, method 3)", () => {
  const published: [number, number, number, number][] = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ];
  for (const [cases, sample, low, high] of published) {
    const interval = wilson(cases, sample);
    assert.equal(interval?.rate.toFixed(4), (cases / sample).toFixed(4));
    assert.equal(interval?.low.toFixed(4), low.toFixed(4), `${cases} of ${sample}`);
    assert.equal(interval?.high.toFixed(4), high.toFixed(4), `${cases} of ${sample}`);
  }
});

Deno.test("A Wilson interval stays between 0 and 1, holds its share, and mirrors", () => {
  assert.equal(wilson(0, 0), null);
  for (const sample of [1, 2, 7, 100, 1_000_000]) {
    for (const part of [0, 0.01, 0.3, 0.5, 1]) {
      const cases = Math.round(part * sample);
      const one = wilson(cases, sample);
      const other = wilson(sample - cases, sample);
      assert(one && other);
      assert(0 <= one.low && one.low <= one.rate && one.rate <= one.high && one.high <= 1);
      assert(Math.abs(one.low - (1 - other.high)) < 2e-6, `${cases} of ${sample}`);
    }
  }
});

Deno.test("The chance of a difference agrees with the normal table", () => {
  // Pooled 0.5, error 0.1: differences of 1.96 and 2.576 errors.
  const chance = (difference: number) =>
    differenceByChance(
      { cases: 25 + difference * 2.5, sample: 50 },
      { cases: 25 - difference * 2.5, sample: 50 },
    );
  assert.equal(chance(1.959964)?.toFixed(5), "0.05000");
  assert.equal(chance(2.575829)?.toFixed(5), "0.01000");
  assert.equal(chance(0)?.toFixed(5), "1.00000");
  assert.equal(
    differenceByChance({ cases: 4, sample: 1_000 }, { cases: 4, sample: 1_000 }),
    null,
    "four expected cases are too few",
  );
  assert.equal(differenceByChance({ cases: 0, sample: 0 }, { cases: 5, sample: 10 }), null);
});

Deno.test("A share is called higher only where chance hardly explains it, for all pairs together", () => {
  const of = (cases: number, sample = 1_000) => ({ cases, sample });
  assert.deepEqual(significantlyHigher([of(150), of(100)]), [[1], []]);
  // 2.2 errors apart: enough for one comparison, not for the best of three.
  assert.deepEqual(significantlyHigher([of(100), of(131)]), [[], [0]]);
  assert.deepEqual(significantlyHigher([of(100), of(131), of(115)]), [[], [], []]);
  assert.deepEqual(significantlyHigher([of(3, 4), of(0, 4)]), [[], []]);
  assert.deepEqual(significantlyHigher([]), []);
});
