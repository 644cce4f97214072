import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { cleanText } from "../_shared/clean_text.ts";
import { invalidFields, Problem, problems, problemStatus, unwrap } from "../_shared/problem.ts";
import { rateLimited } from "../_shared/rate_limit.ts";
import { guarded, IdempotencyHeader, json, permitted } from "../_shared/route.ts";
import { SheetError } from "../_shared/sheet/error.ts";
import { Upload } from "./schemas.ts";
import type { SheetResult } from "./sheet/read.ts";

const previewRows = 20;

const route = createRoute({
  method: "post",
  path: "/excel",
  operationId: "uploadExcel",
  tags: ["upload"],
  summary: "Read a spreadsheet of customers",
  description:
    "An .xlsx, .xls or .csv file of up to 10 MB. Valid rows are stored under upload_id for 24 hours; " +
    "nothing else changes yet.",
  ...permitted("uploads:write", rateLimited("upload")),
  request: {
    headers: IdempotencyHeader,
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          schema: z.object({ file: z.any().openapi({ type: "string", format: "binary" }) }),
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
    total_rows: sheet.totalRows,
    valid_rows: sheet.rows.length,
    invalid_rows: sheet.invalidRows,
    duplicate_rows: sheet.duplicateRows,
    columns: sheet.columns,
    preview: sheet.rows.slice(0, previewRows).map((row) => ({ ...row })),
    errors: sheet.errors.map(({ row, field, value, message }) => ({ row, field, value, message })),
    errors_truncated: sheet.errorsTruncated,
  };
}

async function read(
  file: File,
  bytes: Uint8Array,
  organization: { country: string; currency: string },
) {
  // Loaded on demand: the readers are most of this function and only this route needs them.
  const { readCustomerSheet } = await import("./sheet/read.ts");
  try {
    const name = cleanText(file.name).slice(0, 255).toWellFormed() || "upload";
    return await readCustomerSheet({ name, bytes }, organization);
  } catch (error) {
    if (error instanceof SheetError) {
      throw new Problem(problemStatus(error.status), error.code, error.message);
    }
    throw error;
  }
}

export function uploadExcel(app: App) {
  app.openapi(route, async (c) => {
    const { file } = c.req.valid("form");
    if (!(file instanceof File)) {
      throw invalidFields([{ path: "file", message: "Send the file as multipart field `file`." }]);
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { organizationId, organization } = c.var.actor;
    const sheet = await read(file, bytes, organization);
    const answer = await c.var.db.rpc("create_upload", {
      organization_id: organizationId,
      file_name: sheet.fileName,
      rows: sheet.rows.map((row) => ({ ...row })),
      summary: summary(sheet),
    });
    return c.json(Upload.parse(unwrap(answer, "upload")), 201);
  });
}
