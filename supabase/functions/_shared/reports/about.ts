import { parseTimestamp } from "../timestamp.ts";
import { z } from "../zod.ts";
import type { CellType } from "../sheet/xlsx_cells.ts";
import type { FrozenRun, ReportColumn } from "./run.ts";

/** A line of the sheet about a run: what it says, the value and how the value is kept. */
export interface AboutLine {
  label: string;
  value: unknown;
  type: CellType;
  scale?: number;
}

const Condition = z.object({ field: z.string(), operator: z.string(), value: z.unknown() });
const Definition = z.object({
  filters: z.record(z.string(), z.array(z.unknown())),
  grouping: z.array(z.object({ field: z.string(), bucket: z.string().optional() })),
  sorting: z.array(z.string()),
});

/** What a name of the definition is called; itself where nothing is known, as for a field that was removed. */
type Named = (id: string) => string;

/** A condition in words, or conditions of the second level in parentheses. */
function conditionText(item: unknown, named: Named): string {
  const condition = Condition.safeParse(item);
  if (!condition.success) return `(${filterText(item, named)})`;
  const { field, operator, value } = condition.data;
  const values = value === null || value === undefined ? [] : [value].flat();
  const shown = values.map((one) => named(String(one))).join(", ");
  return `${named(field)} ${operator.replaceAll("_", " ")} ${shown}`.trim();
}

function filterText(filters: unknown, named: Named): string {
  const { all, any } = filters as { all?: unknown[]; any?: unknown[] };
  return (any ?? all ?? []).map((item) => conditionText(item, named)).join(any ? " or " : " and ");
}

/** A sorting in words. */
const sortingText = (item: string, named: Named): string =>
  item.startsWith("-") ? `${named(item.slice(1))} (descending)` : named(item);

const text = (label: string, value: unknown): AboutLine => ({ label, value, type: "text" });
const time = (label: string, value: string): AboutLine => ({ label, value, type: "text" });

/** An instant in a zone, to the minute, with the zone's name. */
function localTime(instant: string, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    dateStyle: "short",
    timeStyle: "short",
    hourCycle: "h23",
  }).format(parseTimestamp(instant));
  return `${parts.replace(",", "")} ${timeZone}`;
}

function periodLines(run: FrozenRun, named: Named): AboutLine[] {
  const { period, time_zone: zone } = run;
  if (period === null) return [text("Period", "All time")];
  return [
    text("Period", period.name?.replaceAll("_", " ") ?? "From and to"),
    text("Period of", named(period.field)),
    time("From", localTime(period.from, zone)),
    time("Until before", localTime(period.to, zone)),
    ...(run.columns.some(({ id }) => /\.(?:previous|change|change_rate)$/.test(id))
      ? [
        time("Period before, from", localTime(period.previous_from, zone)),
        time("Period before, until before", localTime(period.previous_to, zone)),
      ]
      : []),
  ];
}

/** The totals, with their currencies. */
function totalLines(run: FrozenRun): AboutLine[] {
  const value = (column: ReportColumn, at: number): AboutLine[] => {
    if (column.role !== "value" && column.role !== "total") return [];
    const label = `Total: ${column.label}${column.currency ? ` (${column.currency})` : ""}`;
    const { type, scale } = column;
    return [{
      label,
      value: run.totals[at],
      type: cellType(type),
      ...(scale === undefined ? {} : { scale }),
    }];
  };
  return run.columns.flatMap(value);
}

/** How a column of a report is kept in a workbook. */
export function cellType(type: ReportColumn["type"]): CellType {
  return type === "id" || type === "person" || type === "choice" || type === "period"
    ? "text"
    : type;
}

/** What a reader must know of a run: what was asked, when, with whose rights, over which time, and how much is missing. */
export function aboutLines(run: FrozenRun): AboutLine[] {
  const { filters, grouping, sorting } = Definition.parse(run.definition);
  const named: Named = (id) => run.words?.[id] ?? id;
  return [
    text("Report", run.name),
    text("Organization", run.organization_name),
    text("As seen by", run.owner_name),
    text("Run at", localTime(run.frozen_at, run.time_zone)),
    text("About the time", localTime(run.as_of, run.time_zone)),
    text("Time zone", run.time_zone),
    text("Source", named(String(run.definition["source"]))),
    ...periodLines(run, named),
    text("Filters", filterText(filters, named) || "None"),
    ...grouping.map(({ field, bucket }) =>
      text("Grouped by", bucket === undefined ? named(field) : `${named(field)} (${bucket})`)
    ),
    ...(sorting.length > 0
      ? [text("Sorted by", sorting.map((item) => sortingText(item, named)).join(", "))]
      : []),
    { label: "Records", value: run.records, type: "integer" },
    { label: "Rows", value: run.row_count, type: "integer" },
    text(
      "Complete",
      run.truncated
        ? `No: this file has the first ${run.row_limit} of ${run.row_count} rows. Totals are of all.`
        : "Yes",
    ),
    ...(run.partial.length > 0 ? [text("Covered in part", run.partial.join(", "))] : []),
    ...totalLines(run),
  ];
}
