import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { IfNoneMatchHeader, isUnchanged, namesTag, notModified } from "../_shared/etag.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { etag } from "../_shared/version.ts";
import { Preview, Report, toPreview, toReport } from "./schemas.ts";

const get = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getReport",
  tags: ["reports"],
  summary: "A report's definition",
  ...permitted("reports:read"),
  request: { params: IdParam, headers: IfNoneMatchHeader },
  responses: { 200: json(Report, "The report"), ...notModified, ...guarded, ...problems(404, 422) },
});

export function getReport(app: App) {
  app.openapi(get, async (c) => {
    const answer = await c.var.db.rpc("get_report", {
      organization_id: c.var.actor.organizationId,
      report_id: c.req.valid("param").id,
    });
    const report = toReport(unwrap(answer, "report"));
    c.header("etag", etag(report));
    if (namesTag(c.req.header("if-none-match"), etag(report))) return c.body(null, 304);
    return c.json(report, 200);
  });
}

const preview = createRoute({
  method: "get",
  path: "/{id}/preview",
  operationId: "previewSavedReport",
  tags: ["reports"],
  summary: "The first rows and totals of a saved report",
  description: "The rows are those that the caller may see, not those of the owner.",
  ...permitted("reports:read"),
  request: { params: IdParam, headers: IfNoneMatchHeader },
  responses: {
    200: json(Preview, "Rows and totals"),
    ...notModified,
    ...guarded,
    ...problems(404, 422, 429),
  },
});

export function previewSavedReport(app: App) {
  app.openapi(preview, async (c) => {
    const answer = await c.var.db.rpc("preview_saved_report", {
      organization_id: c.var.actor.organizationId,
      report_id: c.req.valid("param").id,
    });
    const found = toPreview(unwrap(answer, "report"));
    if (await isUnchanged(c, found)) return c.body(null, 304);
    return c.json(found, 200);
  });
}
