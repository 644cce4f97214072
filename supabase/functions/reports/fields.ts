import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { IfNoneMatchHeader, isUnchanged, notModified } from "../_shared/etag.ts";
import { unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { FileFormat } from "./run_schemas.ts";

const Field = z.object({
  id: z.string().openapi({ example: "leads.source" }),
  label: z.string().openapi({ example: "Source" }),
  type: z.string().openapi({ example: "text" }),
  operators: z.array(z.string()).openapi({ example: ["eq", "in", "is_empty"] }),
  aggregations: z.array(z.string()).openapi({ example: ["count_distinct"] }),
  groupable: z.boolean(),
  sortable: z.boolean(),
  personal: z.boolean().openapi({ description: "Personal data" }),
  choices: z.array(z.string()).optional(),
}).openapi("ReportField");

const Measure = z.object({
  id: z.string().openapi({ example: "leads.conversion_rate" }),
  label: z.string().openapi({ example: "Conversion rate" }),
  type: z.string().openapi({ example: "ratio" }),
  description: z.string().openapi({ example: "Won leads / all leads" }),
}).openapi("ReportMeasure");

const Catalogue = z.object({
  sources: z.array(z.object({
    id: z.string().openapi({ example: "leads" }),
    label: z.string(),
    description: z.string(),
    kind: z.enum(["state", "event"]).openapi({
      description: "state: rows as they are now; event: rows that are never changed",
    }),
    period_fields: z.array(z.string()).openapi({
      description: "The dates that a period may filter by, the usual one first",
    }),
    fields: z.array(Field),
    measures: z.array(Measure),
  })),
  periods: z.array(z.string()).openapi({ example: ["previous_week"] }),
  buckets: z.array(z.string()),
  formats: z.array(FileFormat).openapi({ example: ["csv", "xlsx"] }),
  limits: z.record(z.string(), z.int()),
}).openapi("ReportCatalogue");

const route = createRoute({
  method: "get",
  path: "/fields",
  operationId: "listReportFields",
  tags: ["reports"],
  summary: "What the caller's reports may be made of",
  description: "Sources and fields that need a permission which the caller lacks are not there.",
  ...permitted("reports:read"),
  request: { headers: IfNoneMatchHeader },
  responses: { 200: json(Catalogue, "The catalogue"), ...notModified, ...guarded },
});

export function listReportFields(app: App) {
  app.openapi(route, async (c) => {
    const { organizationId } = c.var.actor;
    const answer = await c.var.db.rpc("report_fields", { organization_id: organizationId });
    const catalogue = Catalogue.parse(unwrap(answer));
    if (await isUnchanged(c, catalogue)) return c.body(null, 304);
    return c.json(catalogue, 200);
  });
}
