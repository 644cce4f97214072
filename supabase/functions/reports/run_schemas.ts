import { z } from "../_shared/zod.ts";
import { env } from "../_shared/env.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { ReportColumn, ReportPeriod } from "../_shared/reports/run.ts";
import { parseTimestamp } from "../_shared/timestamp.ts";
import { valuesOf } from "./schemas.ts";

/** The formats of files, as `private.report_formats` has them. */
export const FileFormat = z.enum(["csv", "xlsx", "pdf", "sheets"]).openapi({
  description: "sheets: written into a Google spreadsheet",
  example: "xlsx",
});

/** The address of a Google spreadsheet, or its id. */
export const Spreadsheet = z.string().max(500).openapi({
  description:
    "Of the format sheets: the address or the id of a Google spreadsheet that is shared with the organization's service account as editor",
  example:
    "https://docs.google.com/spreadsheets/d/1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXaE9oVhLw3KzQy/edit",
});

/** The states of a run, of which the last five are final. */
export const RunStatus = z.enum([
  "queued",
  "freezing",
  "writing",
  "ready",
  "empty",
  "refused",
  "failed",
  "missed",
]).openapi({
  description:
    "empty: no record was found, the file has the headings only; refused: the owner may not, or " +
    "the definition does not fit any more; failed: it could not be done; missed: nothing ran at its time",
});

/** The address of a run's file. The caller is checked when it is fetched. */
export const fileUrl = (runId: string): string =>
  `${env.publicUrl()}/functions/v1/reports/runs/${runId}/file`;

/** A run in the history. */
export const Run = z.object({
  id: Id,
  report_id: Id,
  name: z.string(),
  format: z.string().openapi({ example: "xlsx" }),
  status: RunStatus,
  reason: z.string().nullable().openapi({
    description: "Why it was refused or failed",
    example: "field_removed",
  }),
  detail: z.string().nullable().openapi({ description: "The reason in words" }),
  owner_id: Id.nullable().openapi({ description: "Whose rights and rows it has" }),
  owner_name: z.string().nullable(),
  requested_by: Id.nullable(),
  schedule_id: Id.nullable().openapi({ description: "null: a person asked for the file" }),
  scheduled_for: Timestamp.nullable().openapi({ description: "The due time of the schedule" }),
  mailed: z.array(z.object({
    address: z.string(),
    user_id: Id.nullable().openapi({ description: "null: somebody without an account" }),
    status: z.string().openapi({
      description: "Of the e-mail; not_mailed: notified in the application only",
      example: "sent",
    }),
  })).openapi({ description: "Who was notified" }),
  as_of: Timestamp.openapi({ description: "The moment that relative periods are about" }),
  time_zone: z.string(),
  period: ReportPeriod.nullable(),
  row_count: z.int().nullable(),
  records: z.int().nullable(),
  rows_written: z.int().openapi({ description: "Progress, with row_count" }),
  truncated: z.boolean().openapi({ description: "The report has more rows than its file" }),
  partial: z.array(z.string()),
  spreadsheet: z.string().nullable().openapi({
    description:
      "Of the format sheets: the address of the spreadsheet, with the tab once it is there",
  }),
  paused_until: Timestamp.nullable().openapi({
    description: "Google cannot now (its quota, an outage): when the run goes on by itself",
  }),
  pause_detail: z.string().nullable().openapi({ description: "Why it waits" }),
  file_size: z.int().nullable(),
  checksum: z.string().nullable().openapi({ description: "SHA-256 of the file, in hex" }),
  downloads: z.int(),
  download_url: z.string().nullable().openapi({
    description: "null: there is or will be no file, or not for the caller",
  }),
  expires_at: Timestamp.openapi({ description: "Until when the file can be had" }),
  created_at: Timestamp,
  frozen_at: Timestamp.nullable(),
  finished_at: Timestamp.nullable(),
}).openapi("ReportRun");

/** A single run: also its columns and totals. */
export const RunDetail = Run.extend({
  columns: z.array(ReportColumn).nullable(),
  totals: z.record(z.string(), z.unknown()).nullable().openapi({
    description: "null, as the columns, until the rows are frozen, and when the owner lacks a " +
      "permission that the report needs",
  }),
}).openapi("ReportRunDetail");

const RunRow = Run.omit({ download_url: true }).extend({
  file_deleted_at: z.string().nullable(),
  is_received: z.boolean(),
});
const DetailRow = RunRow.extend({
  columns: z.array(ReportColumn).nullable(),
  totals: z.array(z.unknown()).nullable(),
});

function fieldsOf(
  { file_deleted_at, is_received, ...run }: z.infer<typeof RunRow>,
): z.infer<typeof Run> {
  const gone = file_deleted_at !== null || parseTimestamp(run.expires_at) < Date.now();
  const none = ["refused", "failed", "missed"].includes(run.status) || gone || !is_received;
  return {
    ...run,
    download_url: none ? null : fileUrl(run.id),
    scheduled_for: isoTime(run.scheduled_for),
    paused_until: isoTime(run.paused_until),
    as_of: isoTime(run.as_of),
    expires_at: isoTime(run.expires_at),
    created_at: isoTime(run.created_at),
    frozen_at: isoTime(run.frozen_at),
    finished_at: isoTime(run.finished_at),
  };
}

/** The result of `private.report_run_json` as the API's run. */
export const toRun = (row: unknown): z.infer<typeof Run> => fieldsOf(RunRow.parse(row));

/** The same with columns and totals. */
export function toRunDetail(row: unknown): z.infer<typeof RunDetail> {
  const { columns, totals, ...run } = DetailRow.parse(row);
  return { ...fieldsOf(run), columns, totals: columns && totals && valuesOf(columns, totals) };
}
