import { type Chart, type Series, seriesLimit } from "../charts/chart.ts";
import { parseTimestamp } from "../timestamp.ts";
import { z } from "../zod.ts";
import { ReportColumn, ReportPeriod } from "./run.ts";

/** What a chart of a report is made of: the cells of the first rows, without subtotals. */
export const ChartSource = z.object({
  name: z.string(),
  columns: z.array(ReportColumn),
  rows: z.array(z.array(z.unknown())),
  row_count: z.number(),
  period: ReportPeriod.nullable(),
  time_zone: z.string(),
  partial: z.array(z.string()),
});
export type ChartSource = z.infer<typeof ChartSource>;

/** Bars that one looks at together. */
const barLimit = 24;

const labelOf = (cell: unknown): string =>
  cell === null || cell === undefined || cell === "" ? "(none)" : String(cell);

const numberOf = (cell: unknown): number | null => {
  const value = cell === null || cell === undefined ? NaN : Number(cell);
  return Number.isFinite(value) ? value : null;
};

/** The distinct labels, in the order of the rows. */
const distinct = (labels: string[]): string[] => [...new Set(labels)];

/** The series of a second group: the largest by themselves, what remains together. */
function stacked(rows: readonly unknown[][], at: number, categories: string[]): Series[] {
  const sums = new Map<string, (number | null)[]>();
  for (const row of rows) {
    const values = sums.get(labelOf(row[1])) ?? categories.map(() => null);
    const place = categories.indexOf(labelOf(row[0]));
    values[place] = (values[place] ?? 0) + (numberOf(row[at]) ?? 0);
    sums.set(labelOf(row[1]), values);
  }
  const total = ({ values }: Series) =>
    values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  const all = [...sums].map(([label, values]) => ({ label, values }))
    .sort((one, other) => total(other) - total(one));
  if (all.length <= seriesLimit) return all;
  const rest = all.slice(seriesLimit - 1);
  const others = categories.map((_, place) =>
    rest.reduce((sum, { values }) => sum + (values[place] ?? 0), 0)
  );
  return [...all.slice(0, seriesLimit - 1), { label: `${rest.length} others`, values: others }];
}

function subtitle(source: ChartSource, value: ReportColumn, shown: string): string {
  const day = (instant: string, before: number) =>
    new Intl.DateTimeFormat("en-CA", { timeZone: source.time_zone, dateStyle: "short" })
      .format(parseTimestamp(instant) - before);
  const { period } = source;
  const figure = value.currency ? `${value.label} (${value.currency})` : value.label;
  return [
    figure,
    ...(period ? [`${day(period.from, 0)} to ${day(period.to, 1)}`] : []),
    source.time_zone,
    ...(shown ? [shown] : []),
  ].join(" · ");
}

/**
 * The chart of a grouped report: its first figure by its first group; the second group is stacked, if the figure can be
 * summed. A first group of time gives a line. Null for a report without groups or figures.
 */
export function reportChart(source: ChartSource): Chart | null {
  const groups = source.columns.filter(({ role }) => role === "group");
  const at = source.columns.findIndex(({ role }) => role === "value");
  const value = source.columns[at];
  const [first] = groups;
  if (first === undefined || value === undefined) return null;
  const isStacked = groups.length === 2 && value.additive === true;
  const label = (row: unknown[]) =>
    isStacked ? labelOf(row[0]) : row.slice(0, groups.length).map(labelOf).join(" / ");
  const isLine = first.bucket !== undefined && (groups.length === 1 || isStacked);
  const found = distinct(source.rows.map(label));
  const categories = isLine ? found : found.slice(0, barLimit);
  const rows = source.rows.filter((row) => categories.includes(label(row)));
  const series = isStacked
    ? stacked(rows, at, categories)
    : [{ label: value.label, values: rows.map((row) => numberOf(row[at])) }];
  const cut = rows.length < source.row_count;
  return {
    kind: isLine ? "line" : "bars",
    title: source.name,
    subtitle: subtitle(source, value, cut ? `the first ${categories.length} groups` : ""),
    categories,
    series,
    partial: source.partial,
    unit: value.type === "ratio" ? "ratio" : "number",
  };
}
