import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { FileFormat, fileUrl, RunStatus } from "./run_schemas.ts";

const ExportInput = z.strictObject({
  report_id: Id,
  format: FileFormat,
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
    "or with their personal data whatever the source, need `leads:export` too; so do numbers and texts of messages, conversations and campaign recipients, unless a filter of `all` says that `….customer.id` is not empty. At most 100,000 rows, in a PDF 500 (`limits` of GET /reports/fields); `truncated` of the run says when there are more.",
  ...permitted("reports:export"),
  request: { headers: IdempotencyHeader, body: jsonBody(ExportInput) },
  responses: { 202: json(Exported, "Queued"), ...guarded, ...problems(400, 404, 409, 422, 429) },
});

const Queued = z.object({ run_id: z.string(), status: RunStatus, expires_at: z.string() });

export function exportReport(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("export_report", {
      organization_id: c.var.actor.organizationId,
      ...c.req.valid("json"),
    });
    const { run_id, status, expires_at } = Queued.parse(unwrap(answer, "report"));
    const download_url = fileUrl(run_id);
    return c.json({ download_url, expires_at: isoTime(expires_at), run_id, status }, 202);
  });
}
