import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, IdParam, json, permitted } from "../_shared/route.ts";
import { etag } from "../_shared/version.ts";
import { Report, toReport } from "./schemas.ts";

const CopyInput = z.strictObject({
  name: z.string().trim().min(1).max(200).optional().openapi({ example: "My leads by source" }),
}).openapi("ReportCopyInput");

const route = createRoute({
  method: "post",
  path: "/{id}/copy",
  operationId: "copyReport",
  tags: ["reports"],
  summary: "Copy a report into one's own",
  ...permitted("reports:write"),
  request: {
    params: IdParam,
    headers: IdempotencyHeader,
    body: { required: false, content: { "application/json": { schema: CopyInput } } },
  },
  responses: { 201: json(Report, "The copy"), ...guarded, ...problems(400, 404, 409, 422) },
});

export function copyReport(app: App) {
  app.openapi(route, async (c) => {
    const { name } = c.req.valid("json") ?? {};
    const answer = await c.var.db.rpc("copy_report", {
      organization_id: c.var.actor.organizationId,
      report_id: c.req.valid("param").id,
      ...(name === undefined ? {} : { name }),
    });
    const report = toReport(unwrap(answer, "report"));
    c.header("etag", etag(report));
    return c.json(report, 201);
  });
}
