import { type Chart, type Series, seriesLimit } from "../charts/chart.ts";
import { parseTimestamp } from "../timestamp.ts";
import { z } from "../zod.ts";
import { ReportColumn, ReportPeriod } from "./run.ts";

/** What a chart of a report is made of: cells of rows, without subtotals; all rows of each first group that is there. */
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

type Row = readonly unknown[];

const labelOf = (cell: unknown): string =>
  cell === null || cell === undefined || cell === "" ? "(none)" : String(cell);

const numberOf = (cell: unknown): number | null => {
  const value = cell === null || cell === undefined ? NaN : Number(cell);
  return Number.isFinite(value) ? value : null;
};

/** The distinct labels, in the order of the rows. */
const distinct = (labels: string[]): string[] => [...new Set(labels)];

/** The sum of what there is; null if there is nothing. */
const plus = (one: number | null, other: number | null): number | null =>
  one === null ? other : one + (other ?? 0);

/** The series of a second group: the largest by themselves, what remains together. */
function stacked(rows: readonly Row[], at: number, categories: string[]): Series[] {
  const places = new Map(categories.map((category, place) => [category, place]));
  const sums = new Map<string, (number | null)[]>();
  for (const row of rows) {
    const values = sums.get(labelOf(row[1])) ?? categories.map(() => null);
    const place = places.get(labelOf(row[0])) ?? 0;
    values[place] = plus(values[place] ?? null, numberOf(row[at]));
    sums.set(labelOf(row[1]), values);
  }
  const size = ({ values }: Series) =>
    values.reduce<number>((sum, value) => sum + Math.abs(value ?? 0), 0);
  const all = [...sums].map(([label, values]) => ({ label, values }))
    .sort((one, other) => size(other) - size(one));
  if (all.length <= seriesLimit) return all;
  const rest = all.slice(seriesLimit - 1);
  const others = categories.map((_, place) =>
    rest.reduce<number | null>((sum, { values }) => plus(sum, values[place] ?? null), null)
  );
  return [...all.slice(0, seriesLimit - 1), { label: `${rest.length} others`, values: others }];
}

function subtitle(source: ChartSource, value: ReportColumn, notes: string[]): string {
  const day = (instant: string, before: number) =>
    new Intl.DateTimeFormat("en-CA", { timeZone: source.time_zone, dateStyle: "short" })
      .format(parseTimestamp(instant) - before);
  const { period } = source;
  const figure = value.currency ? `${value.label} (${value.currency})` : value.label;
  return [
    figure,
    ...(period ? [`${day(period.from, 0)} to ${day(period.to, 1)}`] : []),
    source.time_zone,
    ...notes,
  ].join(" · ");
}

/** In the order of time, whatever the report is sorted by. Names of time groups sort as their times do. */
const byTime = (rows: readonly Row[]): Row[] =>
  rows.filter(([time]) => time !== null).sort(([one], [other]) =>
    String(one) < String(other) ? -1 : String(one) > String(other) ? 1 : 0
  );

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
  const isTime = first.bucket !== undefined;
  const isLine = isTime && (groups.length === 1 || isStacked);
  const label = (row: Row) =>
    isStacked ? labelOf(row[0]) : row.slice(0, groups.length).map(labelOf).join(" / ");
  const known = isTime ? byTime(source.rows) : source.rows;
  const found = isStacked ? distinct(known.map(label)) : known.map(label);
  const most = isLine ? found.length : barLimit;
  const shown = <T>(all: readonly T[]) => isTime ? all.slice(-most) : all.slice(0, most);
  const categories = shown(found);
  const rows = isStacked ? known.filter((row) => categories.includes(label(row))) : shown(known);
  const undated = source.rows.length - known.length;
  const isCut = rows.length + undated < source.row_count;
  const notes = [
    ...(isCut ? [`the ${isTime ? "last" : "first"} ${categories.length} groups`] : []),
    ...(undated > 0 ? ["without what has no date"] : []),
  ];
  return {
    kind: isLine ? "line" : "bars",
    title: source.name,
    subtitle: subtitle(source, value, notes),
    categories,
    series: isStacked
      ? stacked(rows, at, categories)
      : [{ label: value.label, values: rows.map((row) => numberOf(row[at])) }],
    partial: source.partial,
    unit: value.type === "ratio" ? "ratio" : "number",
    isTime,
    isCut,
  };
}
