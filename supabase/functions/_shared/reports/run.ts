import { z } from "../zod.ts";

/** A column of a report, as `report_runs.columns` has it. */
export const ReportColumn = z.object({
  id: z.string(),
  label: z.string(),
  type: z.enum([
    "id",
    "person",
    "text",
    "choice",
    "list",
    "integer",
    "number",
    "money",
    "ratio",
    "boolean",
    "date",
    "timestamp",
    "period",
  ]),
  /** field: of single rows; group, value: of a grouped report; total: only the total of a list has it. */
  role: z.enum(["field", "group", "value", "total"]),
  bucket: z.string().optional(),
  scale: z.int().optional(),
  currency: z.string().nullish(),
  /** Of a figure: that of several groups is the sum of theirs. */
  additive: z.boolean().optional(),
});
export type ReportColumn = z.infer<typeof ReportColumn>;

/** A resolved period; half-open instants. */
export const ReportPeriod = z.object({
  field: z.string(),
  name: z.string().optional(),
  from: z.string(),
  to: z.string(),
  previous_from: z.string(),
  previous_to: z.string(),
  running: z.boolean(),
});

/** What the writer of a file needs to know of a run whose rows are frozen. */
export const FrozenRun = z.object({
  id: z.string(),
  name: z.string(),
  organization_name: z.string(),
  owner_name: z.string().nullable(),
  definition: z.record(z.string(), z.unknown()),
  time_zone: z.string(),
  period: ReportPeriod.nullable(),
  columns: z.array(ReportColumn),
  totals: z.array(z.unknown()),
  row_count: z.number(),
  records: z.number(),
  /** Rows of the file at most. */
  row_limit: z.number(),
  truncated: z.boolean(),
  partial: z.array(z.string()),
  chart_rows: z.array(z.array(z.unknown())).nullish(),
  /** What is shown for ids of fields, people and teams in the definition. */
  words: z.record(z.string(), z.string()).nullish(),
  as_of: z.string(),
  frozen_at: z.string(),
});
export type FrozenRun = z.infer<typeof FrozenRun>;

/** A frozen row: its position, its level (null: a row; 0: the total; n: a subtotal of the first n groups), its cells. */
export type FrozenRow = [position: number, level: number | null, cells: unknown[]];

/** The columns of the table; what only a list's total has is left out. */
export const tableColumns = (run: FrozenRun): ReportColumn[] =>
  run.columns.filter(({ role }) => role !== "total");

/** The heading of a column. Local times say whose, and amounts their currency if it is one. */
export function heading({ type, label, currency }: ReportColumn, timeZone: string): string {
  const unit = type === "timestamp" ? timeZone : currency;
  return unit ? `${label} (${unit})` : label;
}
