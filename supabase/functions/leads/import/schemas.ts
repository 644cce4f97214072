import { z } from "../../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../../_shared/fields.ts";
import { Column, Mapping } from "../../_shared/lead_import/terms.ts";

/** The fields that a column can be mapped to. */
const fieldNames =
  "first_name, last_name, full_name, email, phone, source, status, value, tags, country, region, " +
  "time_zone, consent, consent_at, custom_fields.<key>";

export const RequestedMapping = z.record(z.string().max(300), z.string().max(100).nullable())
  .refine((mapping) => Object.keys(mapping).length <= 300, "has more than 300 columns")
  .openapi({
    description: `Field by column header or index: ${fieldNames}`,
    example: { "Full name": "full_name", "Mobile": "phone" },
  });

const Count = z.int().openapi({ example: 12 });

const RowMessages = z.array(z.object({
  row: z.int(),
  field: z.string().openapi({ description: "Empty for the row as a whole" }),
  value: z.string().nullable(),
  message: z.string(),
}));

export const Preview = z.object({
  upload_id: Id,
  file_name: z.string().openapi({ example: "leads.csv" }),
  header_row: z.int().openapi({ description: "Row number of the header", example: 1 }),
  columns: z.array(Column),
  mapping: Mapping.openapi({
    description: "The mapping of this preview by column index",
    example: { "0": "full_name", "1": "phone" },
  }),
  suggested_mapping: Mapping.openapi({ example: { "0": "full_name", "1": "phone" } }),
  total_rows: Count,
  hidden_rows: z.int().openapi({
    description: "Rows that are hidden in the workbook, for example by a filter; they are read too",
    example: 0,
  }),
  analyzed_rows: Count.openapi({
    description: "Rows from the top that were checked for errors and duplicates",
  }),
  preview: z.array(z.looseObject({ row: z.int() })).openapi({
    description: "The first 20 rows as they would be stored",
  }),
  errors: RowMessages.openapi({ description: "Rows with errors are not imported" }),
  errors_truncated: z.boolean(),
  warnings: RowMessages.openapi({ description: "Rows with warnings only are imported" }),
  warnings_truncated: z.boolean(),
  duplicates: z.object({
    in_file: Count,
    in_organization: Count,
    rows: z.array(z.object({
      row: z.int(),
      field: z.enum(["phone", "email"]),
      in: z.enum(["file", "organization"]),
      first_row: z.int().nullable(),
      lead_id: Id.nullable(),
    })).openapi({ description: "The first 20 of each kind" }),
  }),
}).openapi("LeadImportPreview");

export const LeadImport = z.object({
  id: Id,
  upload_id: Id,
  file_name: z.string().openapi({ example: "leads.csv" }),
  status: z.enum(["queued", "running", "done", "failed", "canceled"]),
  on_duplicate: z.enum(["skip", "update"]),
  source: z.string().openapi({ example: "import" }),
  total_rows: Count,
  processed: Count,
  percent: z.int().min(0).max(100),
  created: Count,
  updated: Count,
  skipped: Count,
  invalid: Count,
  warned: z.int().openapi({ description: "Imported rows with a warning", example: 0 }),
  error: z.string().nullable().openapi({ description: "Why it failed" }),
  assigned_to: Id.nullable(),
  assigned_to_name: z.string().nullable(),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: Timestamp,
  started_at: Timestamp.nullable(),
  finished_at: Timestamp.nullable(),
}).openapi("LeadImport");

const Row = LeadImport.omit({ percent: true });

/** The result of `private.lead_import_json` as the API's import. */
export function toLeadImport(row: unknown): z.infer<typeof LeadImport> {
  const { processed, total_rows, ...rest } = Row.parse(row);
  const share = Math.floor(100 * processed / Math.max(1, total_rows));
  return {
    ...rest,
    processed,
    total_rows,
    percent: rest.status === "done" ? 100 : Math.min(99, share),
    created_at: isoTime(rest.created_at),
    started_at: isoTime(rest.started_at),
    finished_at: isoTime(rest.finished_at),
  };
}
