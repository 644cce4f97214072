import { z } from "../zod.ts";
import { Id, isoTime, Timestamp } from "../fields.ts";
import { Column, Mapping } from "./columns.ts";
import type { FileKind } from "./kind.ts";

type Schemas = Pick<
  FileKind<object, object>,
  "title" | "idField" | "duplicateBy" | "example" | "name" | "fieldNames"
>;

/** A mapping as clients send it. */
export const requestedMapping = (
  { fieldNames, example }: Pick<Schemas, "fieldNames" | "example">,
) =>
  z.record(z.string().max(300), z.string().max(100).nullable())
    .refine((mapping) => Object.keys(mapping).length <= 300, "has more than 300 columns")
    .openapi({ description: `Field by column header or index: ${fieldNames}`, example });

const byIndex = (example: Record<string, string>) =>
  Object.fromEntries(Object.values(example).map((field, index) => [String(index), field]));

const Count = z.int().openapi({ example: 12 });

const RowMessages = z.array(z.object({
  row: z.int(),
  field: z.string().openapi({ description: "Empty for the row as a whole" }),
  value: z.string().nullable(),
  message: z.string(),
}));

/** What a preview answers. */
export const previewSchema = (
  { title, idField, duplicateBy, example, name }: Schemas,
) =>
  z.object({
    upload_id: Id,
    file_name: z.string().openapi({ example: `${name}.csv` }),
    header_row: z.int().openapi({ description: "Row number of the header", example: 1 }),
    columns: z.array(Column),
    mapping: Mapping.openapi({
      description: "The mapping of this preview by column index",
      example: byIndex(example),
    }),
    suggested_mapping: Mapping.openapi({ example: byIndex(example) }),
    total_rows: Count,
    hidden_rows: z.int().openapi({
      description:
        "Rows that are hidden in the workbook, for example by a filter; they are read too",
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
        field: z.enum([...duplicateBy]),
        in: z.enum(["file", "organization"]),
        first_row: z.int().nullable(),
        [idField]: Id.nullable(),
      })).openapi({ description: "The first 20 of each kind" }),
    }),
  }).openapi(`${title}ImportPreview`);

/** What every import answers. */
export const importFields = {
  id: Id,
  upload_id: Id,
  file_name: z.string().openapi({ example: "november.csv" }),
  status: z.enum(["queued", "running", "done", "failed", "canceled"]),
  on_duplicate: z.enum(["skip", "update"]),
  total_rows: Count,
  processed: Count,
  percent: z.int().min(0).max(100),
  created: Count,
  updated: Count,
  skipped: Count,
  invalid: Count,
  warned: z.int().openapi({ description: "Imported rows with a warning", example: 0 }),
  error: z.string().nullable().openapi({ description: "Why it failed" }),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: Timestamp,
  started_at: Timestamp.nullable(),
  finished_at: Timestamp.nullable(),
};

const { percent: _, ...stored } = importFields;
const Row = z.object(stored);

/** The result of `private.lead_import_json` with the API's times and share. */
export function toImport(row: unknown) {
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
