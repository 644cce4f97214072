import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { IfNoneMatchHeader, isUnchanged, notModified } from "../_shared/etag.ts";
import { unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Report } from "./schemas.ts";

const Template = Report.pick({
  source: true,
  fields: true,
  filters: true,
  grouping: true,
  aggregations: true,
  sorting: true,
  subtotals: true,
}).extend({
  id: z.string().openapi({ example: "new_leads_by_source" }),
  name: z.string().openapi({ example: "New leads by source" }),
  description: z.string(),
  audience: z.enum(["school", "utility", "marketing", "administration"]),
  period: Report.shape.period.default(null),
}).openapi("ReportTemplate");

const route = createRoute({
  method: "get",
  path: "/templates",
  operationId: "listReportTemplates",
  tags: ["reports"],
  summary: "Reports to begin with",
  description: "Those that the caller may use. POST /reports/build with `template_id` saves one.",
  ...permitted("reports:read"),
  request: { headers: IfNoneMatchHeader },
  responses: { 200: json(z.array(Template), "The templates"), ...notModified, ...guarded },
});

export function listReportTemplates(app: App) {
  app.openapi(route, async (c) => {
    const { organizationId } = c.var.actor;
    const answer = await c.var.db.rpc("report_templates", { organization_id: organizationId });
    const templates = z.array(Template).parse(unwrap(answer));
    if (await isUnchanged(c, templates)) return c.body(null, 304);
    return c.json(templates, 200);
  });
}
