/** The standard normal quantile of a two-sided 95 % interval. */
const Z_95 = 1.959963984540054;

/** A share with its 95 % confidence interval. */
export interface Share {
  rate: number;
  low: number;
  high: number;
}

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/**
 * The Wilson score interval of `cases` among `sample`, without continuity correction: the shares p
 * for which |p̂ − p| ≤ z·√(p(1 − p)/n). Null when there is nothing to divide by.
 * Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209–212; method 3 of R. G. Newcombe,
 * Statistics in Medicine 17 (1998) 857–872, which finds it sound for small samples and shares near 0.
 */
export function wilson(cases: number, sample: number): Share | null {
  if (sample <= 0) return null;
  const share = cases / sample;
  const z2 = Z_95 * Z_95;
  const middle = share + z2 / (2 * sample);
  const half = Z_95 * Math.sqrt((share * (1 - share) + z2 / (4 * sample)) / sample);
  const scale = 1 + z2 / sample;
  return {
    rate: rounded(share),
    low: rounded(Math.max(0, (middle - half) / scale)),
    high: rounded(Math.min(1, (middle + half) / scale)),
  };
}

/**
 * The complementary error function, right to 1.2e-7 of its value.
 * Source: W. H. Press et al., Numerical Recipes in C, 2nd ed. (1992), section 6.2, `erfcc`.
 */
function erfc(x: number): number {
  const t = 1 / (1 + x / 2);
  const terms = [
    -1.26551223,
    1.00002368,
    0.37409196,
    0.09678418,
    -0.18628806,
    0.27886807,
    -1.13520398,
    1.48851587,
    -0.82215223,
    0.17087277,
  ];
  return t * Math.exp(-x * x + terms.reduceRight((sum, term) => sum * t + term, 0));
}

/** Cases among a sample. */
export interface Proportion {
  cases: number;
  sample: number;
}

/**
 * The two-sided p-value that two shares differ by chance alone (two-proportion z-test, pooled
 * variance). Null where the normal approximation does not hold: an expected count below 5.
 */
export function differenceByChance(one: Proportion, other: Proportion): number | null {
  const pooled = (one.cases + other.cases) / (one.sample + other.sample);
  const rarest = Math.min(one.sample, other.sample) * Math.min(pooled, 1 - pooled);
  if (!(rarest >= 5)) return null;
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / one.sample + 1 / other.sample));
  return erfc(Math.abs(one.cases / one.sample - other.cases / other.sample) / error / Math.SQRT2);
}

/**
 * For each proportion, the places of those that it is significantly higher than: 5 % for all
 * comparisons together (Bonferroni), so that of twenty equal variants none wins by chance.
 */
export function significantlyHigher(all: Proportion[]): number[][] {
  const pairs = all.length * (all.length - 1) / 2;
  return all.map((one) =>
    all.flatMap((other, place) => {
      if (one.cases * other.sample <= other.cases * one.sample) return [];
      const chance = differenceByChance(one, other);
      return chance !== null && chance < 0.05 / pairs ? [place] : [];
    })
  );
}
