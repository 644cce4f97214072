/** Values of each category; null: nothing to show, as a rate without a denominator. */
export interface Series {
  label: string;
  values: (number | null)[];
}

/**
 * A chart, whatever draws it. bars: a horizontal bar for each category, stacked where there are several series; line:
 * values over time; funnel: steps of which each is a part of the first.
 */
export interface Chart {
  kind: "bars" | "line" | "funnel";
  title: string;
  /** What the values are of: period, time zone, what is left out. */
  subtitle: string;
  categories: string[];
  series: Series[];
  /** Categories whose time is not over or not wholly in the period. */
  partial?: readonly string[];
  /** How values are written: ratios are percentages. */
  unit: "number" | "ratio";
  /** Whether the categories are times, the newest last. */
  isTime?: boolean;
  /** Whether some categories are left out: of times the oldest, else the last. */
  isCut?: boolean;
}

/** Series beyond these are not told apart any more. */
export const seriesLimit = 6;

/** A value as people read it; a dash where there is none. */
export function valueText(value: number | null, unit: Chart["unit"]): string {
  if (value === null) return "–";
  return unit === "ratio"
    ? `${(value * 100).toFixed(1)} %`
    : value.toLocaleString("en-US", { maximumFractionDigits: 2 });
}

const spokenCategories = 50;

/** The chart in words, for those who cannot see it: of many times the newest, else the first categories. */
export function chartText(chart: Chart): string {
  const rest = Math.max(0, chart.categories.length - spokenCategories);
  const first = chart.isTime ? rest : 0;
  const lines = chart.categories.slice(first, first + spokenCategories).map((category, place) => {
    const at = first + place;
    const values = chart.series.map(({ label, values }) => {
      const text = valueText(values[at] ?? null, chart.unit);
      return chart.series.length > 1 ? `${label} ${text}` : text;
    });
    const part = chart.partial?.includes(category) ? " (incomplete)" : "";
    return `${category}${part}: ${values.join(", ")}`;
  });
  if (rest === 0) return lines.join("; ");
  const all = chart.isTime
    ? [`${rest} earlier, left out`, ...lines]
    : [...lines, `and ${rest} more`];
  return all.join("; ");
}

/** What all series of a category come to; null if none has a value. */
export const stackedSum = ({ series }: Chart, at: number): number | null =>
  series.reduce<number | null>((sum, { values }) => {
    const value = values[at] ?? null;
    return value === null ? sum : (sum ?? 0) + value;
  }, null);

/** What the series of a category come to above and below zero. */
export function extent({ series }: Chart, at: number): { above: number; below: number } {
  const values = series.map(({ values }) => values[at] ?? 0);
  const sum = (some: number[]) => some.reduce((all, value) => all + value, 0);
  return {
    above: sum(values.filter((value) => value > 0)),
    below: sum(values.filter((value) => value < 0)),
  };
}
