import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { cleanText } from "../_shared/clean_text.ts";
import { CUSTOMER_FIELDS } from "../_shared/customer_row.ts";
import { invalidFields, Problem, problems, problemStatus, unwrap } from "../_shared/problem.ts";
import { rateLimited } from "../_shared/rate_limit.ts";
import { guarded, IdempotencyHeader, json, permitted } from "../_shared/route.ts";
import { SheetError } from "../_shared/sheet/error.ts";
import { parseHeaderRow, parseMapping } from "../_shared/sheet/form_fields.ts";
import { HEADER_ROWS } from "../_shared/sheet/limits.ts";
import { Upload } from "./schemas.ts";
import type { SheetOptions, SheetResult } from "./sheet/read.ts";

const previewRows = 20;

const Mapping = z.record(z.string().max(300), z.enum([...CUSTOMER_FIELDS, ""]).nullable())
  .refine((mapping) => Object.keys(mapping).length <= 300);

const route = createRoute({
  method: "post",
  path: "/excel",
  operationId: "uploadExcel",
  tags: ["upload"],
  summary: "Read a spreadsheet of customers",
  description:
    "An .xlsx, .xls or .csv file of up to 10 MB. Valid rows are stored under upload_id for 24 hours; " +
    "nothing else changes yet. Columns are found by their headers in the first rows; `mapping` names those that " +
    "are not found, and `header_row` the row of the header. A person's oldest waiting uploads are deleted when " +
    "there are too many.",
  ...permitted("uploads:write", rateLimited("upload")),
  request: {
    headers: IdempotencyHeader,
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          schema: z.object({
            file: z.any().openapi({ type: "string", format: "binary" }),
            mapping: z.string().max(65_536).optional().openapi({
              description: `JSON: field by column header or index: ${CUSTOMER_FIELDS.join(", ")}`,
              example: '{ "Total due (incl. levy)": "arrears" }',
            }),
            header_row: z.string().max(10).optional().openapi({
              description: `Row number of the header, 1 to ${HEADER_ROWS}`,
              example: "3",
            }),
          }),
        },
      },
    },
  },
  responses: {
    201: json(Upload, "What was read"),
    ...guarded,
    ...problems(400, 409, 413, 415, 422, 429),
  },
});

function summary(sheet: SheetResult) {
  return {
    file_name: sheet.fileName,
    header_row: sheet.headerRow,
    total_rows: sheet.totalRows,
    valid_rows: sheet.rows.length,
    invalid_rows: sheet.invalidRows,
    duplicate_rows: sheet.duplicateRows,
    hidden_rows: sheet.hiddenRows,
    columns: sheet.columns,
    preview: sheet.rows.slice(0, previewRows).map((row) => ({ ...row })),
    errors: sheet.errors.map(({ row, field, value, message }) => ({ row, field, value, message })),
    errors_truncated: sheet.errorsTruncated,
    warnings: sheet.warnings.map((warning) => ({ ...warning })),
    warnings_truncated: sheet.warningsTruncated,
  };
}

async function read(file: File, options: SheetOptions): Promise<SheetResult> {
  // Loaded on demand: the readers are most of this function and only this route needs them.
  const { readCustomerSheet } = await import("./sheet/read.ts");
  try {
    const name = cleanText(file.name).slice(0, 255).toWellFormed() || "upload";
    const bytes = new Uint8Array(await file.arrayBuffer());
    return await readCustomerSheet({ name, bytes }, options);
  } catch (error) {
    if (error instanceof SheetError) {
      throw new Problem(problemStatus(error.status), error.code, error.message);
    }
    throw error;
  }
}

/** What the form says about the file besides its content. */
function formOptions(mapping: string | undefined, headerRow: string | undefined) {
  const fields = parseMapping(mapping ?? "", Mapping) ?? {};
  const repeated = Object.entries(fields).filter(([name, field]) =>
    field && Object.entries(fields).some(([other, same]) => other !== name && same === field)
  );
  if (repeated.length > 0) {
    throw invalidFields(
      repeated.map(([name]) => ({ path: `mapping.${name}`, message: "is mapped twice" })),
    );
  }
  const row = parseHeaderRow(headerRow ?? "");
  return { mapping: fields, ...(row === null ? {} : { headerRow: row }) };
}

export function uploadExcel(app: App) {
  app.openapi(route, async (c) => {
    const { file, mapping, header_row } = c.req.valid("form");
    if (!(file instanceof File)) {
      throw invalidFields([{ path: "file", message: "Send the file as multipart field `file`." }]);
    }
    const { organizationId, organization } = c.var.actor;
    const sheet = await read(file, { ...organization, ...formOptions(mapping, header_row) });
    if (sheet.unknownNames.length > 0) {
      const message = "is not a column of the file";
      throw invalidFields(
        sheet.unknownNames.map((name) => ({ path: `mapping.${name}`, message })),
      );
    }
    const answer = await c.var.db.rpc("create_upload", {
      organization_id: organizationId,
      file_name: sheet.fileName,
      rows: sheet.rows.map((row) => ({ ...row })),
      summary: summary(sheet),
    });
    return c.json(Upload.parse(unwrap(answer, "upload")), 201);
  });
}
