import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { ReportColumn, ReportPeriod } from "../_shared/reports/run.ts";

const Column = ReportColumn.openapi("ReportColumn", {
  description: "`role`: field, group or value of the table; total: of a list's totals only",
});

const Period = ReportPeriod.nullable().openapi("ReportPeriod", {
  description: "Half-open: from `from` on, before `to`. null: all time",
});

const Values = z.record(z.string(), z.unknown()).openapi("ReportValues", {
  description: "Values by the ids of columns: money as decimal text, local times with their offset",
  example: { "leads.source": "website", count: 12 },
});

/** The rows and totals of a report, as previews and runs answer them. */
export const Preview = z.object({
  report_id: Id.nullable().openapi({ description: "null: not saved" }),
  version: z.int().nullable(),
  columns: z.array(Column),
  preview_data: z.array(Values).openapi({ description: "The first 100 rows" }),
  subtotals: z.array(z.object({
    level: z.int().openapi({ description: "Of the first so many groups" }),
    after: z.int().openapi({ description: "Follows so many rows of preview_data" }),
    values: Values,
  })),
  row_count: z.number().nullable().openapi({ description: "All rows; null: not counted" }),
  records: z.number().nullable().openapi({ description: "Records that the report is made of" }),
  totals: Values.nullable(),
  truncated: z.boolean().nullable().openapi({
    description: "More rows than a report has at most: previews, files and mails say so alike",
  }),
  time_zone: z.string().openapi({ example: "Africa/Accra" }),
  period: Period,
  partial: z.array(z.string()).openapi({
    description: "Time groups that the period covers only in part",
    example: ["2026-11"],
  }),
}).openapi("ReportPreview");

const Row = z.object({ level: z.int().nullable(), cells: z.array(z.unknown()) });

const PreviewRow = z.object({
  report_id: z.string().nullish(),
  version: z.int().nullish(),
  columns: z.array(ReportColumn),
  rows: z.array(Row).nullable(),
  row_count: z.number().nullable(),
  records: z.number().nullable(),
  totals: z.array(z.unknown()).nullable(),
  truncated: z.boolean().nullable(),
  time_zone: z.string(),
  period: ReportPeriod.nullable(),
  partial: z.array(z.string()),
});

type Columns = z.infer<typeof ReportColumn>[];

/** Cells by the ids of their columns. */
export function valuesOf(columns: Columns, cells: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(columns.map(({ id }, at) => [id, cells[at] ?? null] as const));
}

/** Plain rows, and subtotals with their places among them. */
export function rowsOf(columns: Columns, rows: readonly z.infer<typeof Row>[]) {
  const table = columns.filter(({ role }) => role !== "total");
  const data: Record<string, unknown>[] = [];
  const subtotals: z.infer<typeof Preview>["subtotals"] = [];
  for (const { level, cells } of rows) {
    const values = valuesOf(table, cells);
    if (level === null) data.push(values);
    else subtotals.push({ level, after: data.length, values });
  }
  return { data, subtotals };
}

/** The result of `private.report_answer` as the API's preview. */
export function toPreview(row: unknown): z.infer<typeof Preview> {
  const { rows, totals, ...answer } = PreviewRow.parse(row);
  const { data, subtotals } = rowsOf(answer.columns, rows ?? []);
  return {
    ...answer,
    report_id: answer.report_id ?? null,
    version: answer.version ?? null,
    preview_data: data,
    subtotals,
    totals: totals && valuesOf(answer.columns, totals),
  };
}

/** A saved report. */
export const Report = z.object({
  id: Id,
  version: z.int().openapi({ example: 1 }),
  name: z.string().openapi({ example: "New leads by source" }),
  description: z.string(),
  source: z.string().openapi({ example: "leads" }),
  fields: z.array(z.string()),
  filters: z.record(z.string(), z.unknown()),
  grouping: z.array(z.record(z.string(), z.unknown())),
  aggregations: z.array(z.record(z.string(), z.unknown())),
  sorting: z.array(z.string()),
  period: z.record(z.string(), z.unknown()).nullable(),
  subtotals: z.boolean(),
  sharing: z.enum(["private", "team", "organization"]),
  team_id: Id.nullable(),
  owner_id: Id.nullable(),
  owner_name: z.string().nullable(),
  is_own: z.boolean(),
  may_change: z.boolean(),
  template: z.string().nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
  deleted_at: Timestamp.nullable(),
}).openapi("Report");

const ReportRow = Report.extend({ period: Report.shape.period.optional() });

/** The result of `private.report_json` as the API's report. */
export function toReport(row: unknown): z.infer<typeof Report> {
  const report = ReportRow.parse(row);
  return {
    ...report,
    period: report.period ?? null,
    created_at: isoTime(report.created_at),
    updated_at: isoTime(report.updated_at),
    deleted_at: isoTime(report.deleted_at),
  };
}
