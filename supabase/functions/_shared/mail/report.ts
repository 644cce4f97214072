import { cleanText } from "../clean_text.ts";
import { stackedSum } from "../charts/chart.ts";
import { reportChart } from "../reports/chart.ts";
import { ReportColumn, ReportPeriod } from "../reports/run.ts";
import { parseTimestamp } from "../timestamp.ts";
import { z } from "../zod.ts";
import { nameInMail } from "./name.ts";
import { oneLine } from "./provider.ts";

/** A bar of the chart in an e-mail: mail programs show no SVG, and many no pictures at all. */
export interface Bar {
  label: string;
  value: string;
  /** Its length as a part of the longest, -1 to 1. */
  share: number;
}

/** What an e-mail says of a run, in the organization's language. */
export interface ReportFacts {
  period: string | undefined;
  zone: string;
  owner: string | undefined;
  rows: string;
  truncated: boolean;
  empty: boolean;
  totals: [label: string, value: string][];
  bars: Bar[];
  /** Which groups the bars show, where they do not show all. */
  shown: { groups: "newest" | "first"; count: number } | undefined;
}

const Run = z.object({
  report_name: z.string(),
  owner_name: z.string().nullable(),
  time_zone: z.string(),
  period: ReportPeriod.nullable(),
  row_count: z.number(),
  truncated: z.boolean(),
  empty: z.boolean(),
  partial: z.array(z.string()),
  columns: z.array(ReportColumn),
  totals: z.array(z.unknown()),
  chart_rows: z.array(z.array(z.unknown())).nullable(),
});
type Run = z.infer<typeof Run>;

const mostBars = 12;
const mostTotals = 10;

const plain = (text: string) => oneLine(cleanText(text), 120);

function valueIn(locale: string, { type, currency }: ReportColumn, value: unknown): string {
  if (value === null || value === undefined) return "–";
  const number = Number(value);
  if (!Number.isFinite(number)) return plain(String(value));
  if (type === "ratio") {
    return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 })
      .format(number);
  }
  const digits = type === "money" ? { minimumFractionDigits: 2 } : {};
  const text = new Intl.NumberFormat(locale, { maximumFractionDigits: 2, ...digits }).format(
    number,
  );
  return type === "money" && currency ? `${text} ${currency}` : text;
}

function periodIn(locale: string, { period, time_zone: timeZone }: Run): string | undefined {
  if (period === null) return undefined;
  const format = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone });
  return format.formatRange(parseTimestamp(period.from), parseTimestamp(period.to) - 1);
}

function chartOf(locale: string, run: Run): Pick<ReportFacts, "bars" | "shown"> {
  const chart = run.chart_rows && reportChart({
    name: run.report_name,
    columns: run.columns,
    rows: run.chart_rows,
    row_count: run.row_count,
    period: run.period,
    time_zone: run.time_zone,
    partial: run.partial,
  });
  const column = run.columns.find(({ role }) => role === "value");
  if (!chart || column === undefined) return { bars: [], shown: undefined };
  const all = chart.categories.map((label, at) => ({ label, value: stackedSum(chart, at) }));
  const shown = chart.isTime ? all.slice(-mostBars) : all.slice(0, mostBars);
  const longest = Math.max(...shown.map(({ value }) => Math.abs(value ?? 0)), 0) || 1;
  const isCut = chart.isCut || shown.length < all.length;
  return {
    bars: shown.map(({ label, value }) => ({
      label: plain(label),
      value: valueIn(locale, column, value),
      share: (value ?? 0) / longest,
    })),
    shown: isCut ? { groups: chart.isTime ? "newest" : "first", count: shown.length } : undefined,
  };
}

/** What the data of an e-mail say of a run; undefined for an e-mail that is about none. */
export function reportFacts(
  data: Record<string, unknown>,
  { locale, country }: { locale: string; country: string },
): ReportFacts | undefined {
  const parsed = Run.safeParse(data);
  if (!parsed.success) return undefined;
  const run = parsed.data;
  const language = `${locale}-${country}`;
  return {
    period: periodIn(language, run),
    zone: run.time_zone,
    owner: nameInMail(run.owner_name),
    rows: new Intl.NumberFormat(language).format(run.row_count),
    truncated: run.truncated,
    empty: run.empty,
    totals: run.columns.flatMap((column, at): [string, string][] =>
      column.role === "value" || column.role === "total"
        ? [[plain(column.label), valueIn(language, column, run.totals[at])]]
        : []
    ).slice(0, mostTotals),
    ...chartOf(language, run),
  };
}
