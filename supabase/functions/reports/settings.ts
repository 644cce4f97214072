import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";

const Settings = z.object({
  first_weekday: z.int().min(1).max(7).openapi({
    description: "The day on which weeks begin; 1 is Monday (ISO 8601)",
    example: 1,
  }),
  file_days: z.int().min(1).max(365).openapi({
    description: "Days after which files are deleted",
    example: 30,
  }),
  outside_links: z.boolean().openapi({
    description: "Whether files may be handed to people without an account by link",
  }),
  outside_link_hours: z.int().min(1).max(720).openapi({
    description: "How long such a link is valid unless somebody says",
    example: 168,
  }),
}).openapi("ReportSettings");

const get = createRoute({
  method: "get",
  path: "/settings",
  operationId: "getReportSettings",
  tags: ["reports"],
  summary: "The organization's report settings",
  ...permitted("reports:read"),
  responses: { 200: json(Settings, "The settings"), ...guarded },
});

const update = createRoute({
  method: "patch",
  path: "/settings",
  operationId: "updateReportSettings",
  tags: ["reports"],
  summary: "Change the organization's report settings",
  ...permitted("organization:update"),
  request: { body: jsonBody(Settings.partial().strict().openapi("ReportSettingsChange")) },
  responses: { 200: json(Settings, "The settings"), ...guarded, ...problems(400, 422) },
});

export function reportSettings(app: App) {
  app.openapi(get, async (c) => {
    const { organizationId } = c.var.actor;
    const answer = await c.var.db.rpc("report_settings", { organization_id: organizationId });
    return c.json(Settings.parse(unwrap(answer)), 200);
  });
  app.openapi(update, async (c) => {
    const change = Object.fromEntries(
      Object.entries(c.req.valid("json")).filter(([, value]) => value !== undefined),
    );
    const answer = await c.var.db.rpc("update_report_settings", {
      organization_id: c.var.actor.organizationId,
      change,
    });
    return c.json(Settings.parse(unwrap(answer)), 200);
  });
}
