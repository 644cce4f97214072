import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { definitionOf, DefinitionParts } from "./definition.ts";
import { Preview, toPreview } from "./schemas.ts";

const Name = z.string().trim().min(1).max(200).openapi({ example: "New leads by source" });

const BuildInput = DefinitionParts.extend({
  name: Name.optional().openapi({ description: "Needed without a template" }),
  description: z.string().max(1000).optional(),
  template_id: z.string().max(50).optional().openapi({
    description: "Takes from the template what is not given",
    example: "new_leads_by_source",
  }),
  preview: z.boolean().default(true).openapi({
    description: "false: save only, for reports that are too heavy to preview",
  }),
}).openapi("ReportBuildInput");

const build = createRoute({
  method: "post",
  path: "/build",
  operationId: "buildReport",
  tags: ["reports"],
  summary: "Save a report and see its first rows and totals",
  description:
    "The report is the caller's own and private; the rows are those that they may see. " +
    "Order, totals and row limit are the same in files. 422 names what is wrong: `unknown_field`, " +
    "`unknown_operator`, `mixed_currencies`, `too_many_groups`, `report_too_heavy` (with what to narrow) " +
    "and others; 403 `field_not_permitted` names the permission.",
  ...permitted("reports:write"),
  request: { headers: IdempotencyHeader, body: jsonBody(BuildInput) },
  responses: { 201: json(Preview, "The new report"), ...guarded, ...problems(400, 409, 422, 429) },
});

export function buildReport(app: App) {
  app.openapi(build, async (c) => {
    const { name, description, template_id, preview, ...parts } = c.req.valid("json");
    const answer = await c.var.db.rpc("build_report", {
      organization_id: c.var.actor.organizationId,
      report: {
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(template_id === undefined ? {} : { template: template_id }),
        preview,
        definition: definitionOf(parts),
      },
    });
    return c.json(toPreview(unwrap(answer)), 201);
  });
}

const preview = createRoute({
  method: "post",
  path: "/preview",
  operationId: "previewReport",
  tags: ["reports"],
  summary: "The first rows and totals of a definition, without saving it",
  ...permitted("reports:read"),
  request: { body: jsonBody(DefinitionParts.openapi("ReportDefinition")) },
  responses: { 200: json(Preview, "Rows and totals"), ...guarded, ...problems(400, 422, 429) },
});

export function previewReport(app: App) {
  app.openapi(preview, async (c) => {
    const answer = await c.var.db.rpc("preview_report", {
      organization_id: c.var.actor.organizationId,
      definition: definitionOf(c.req.valid("json")),
    });
    return c.json(toPreview(unwrap(answer)), 200);
  });
}
