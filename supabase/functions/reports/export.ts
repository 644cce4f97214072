import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { FileFormat, fileUrl, RunStatus, Spreadsheet } from "./run_schemas.ts";

const ExportInput = z.strictObject({
  report_id: Id,
  format: FileFormat,
  spreadsheet: Spreadsheet.optional(),
}).openapi("ReportExportInput");

const Exported = z.object({
  download_url: z.string().openapi({
    description: "Answers 202 with Retry-After until the file is there; needs the caller's token",
  }),
  expires_at: Timestamp,
  run_id: Id,
  status: RunStatus,
}).openapi("ReportExport");

const route = createRoute({
  method: "post",
  path: "/export",
  operationId: "exportReport",
  tags: ["reports"],
  summary: "Export a report to a file",
  description:
    "The rows are those that the caller may see, frozen at one moment. Files with single rows of leads, " +
    "or with their personal data whatever the source, need `leads:export` too; so do numbers and texts of messages, conversations and campaign recipients, unless a filter of `all` says that `….customer.id` is not empty. At most 100,000 rows, in a PDF 1,000 (`limits` of GET /reports/fields); `truncated` of the run says when there are more. " +
    "With `sheets` it goes into a Google spreadsheet: without `spreadsheet` into the one that the caller " +
    "named last for this report; its tab there is replaced when all of the new one is written. 409 " +
    "`google_not_connected` until an admin has connected Google Sheets. What Google refuses later is the " +
    "`reason` of the run: `spreadsheet_not_shared`, `google_refused`, `spreadsheet_full`.",
  ...permitted("reports:export"),
  request: { headers: IdempotencyHeader, body: jsonBody(ExportInput) },
  responses: { 202: json(Exported, "Queued"), ...guarded, ...problems(400, 404, 409, 422, 429) },
});

const Queued = z.object({ run_id: z.string(), status: RunStatus, expires_at: z.string() });

export function exportReport(app: App) {
  app.openapi(route, async (c) => {
    const { spreadsheet, ...input } = c.req.valid("json");
    const answer = await c.var.db.rpc("export_report", {
      organization_id: c.var.actor.organizationId,
      ...input,
      ...(spreadsheet === undefined ? {} : { spreadsheet }),
    });
    const { run_id, status, expires_at } = Queued.parse(unwrap(answer, "report"));
    const download_url = fileUrl(run_id);
    return c.json({ download_url, expires_at: isoTime(expires_at), run_id, status }, 202);
  });
}
