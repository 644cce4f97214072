import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { etag, expectedVersion, IfMatchHeader } from "../_shared/version.ts";
import { Report, toReport } from "./schemas.ts";
import { rejectStale } from "./update.ts";

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "deleteReport",
  tags: ["reports"],
  summary: "Delete a report",
  description:
    "POST /reports/{id}/restore undoes it. Files of earlier runs stay until they expire.",
  ...permitted("reports:write"),
  request: { params: IdParam, headers: IfMatchHeader },
  responses: {
    204: { description: "Deleted" },
    ...guarded,
    ...problems(400, 404, 409, 422),
  },
});

const Outcome = z.object({ deleted: z.boolean().optional(), stale: z.unknown().optional() });

export function deleteReport(app: App) {
  app.openapi(remove, async (c) => {
    const expected = expectedVersion(c.req.valid("header")["if-match"]);
    const answer = await c.var.db.rpc("delete_report", {
      organization_id: c.var.actor.organizationId,
      report_id: c.req.valid("param").id,
      ...(expected === undefined ? {} : { expected_version: expected }),
    });
    rejectStale(Outcome.parse(unwrap(answer, "report")));
    return c.body(null, 204);
  });
}

const restore = createRoute({
  method: "post",
  path: "/{id}/restore",
  operationId: "restoreReport",
  tags: ["reports"],
  summary: "Restore a deleted report",
  ...permitted("reports:write"),
  request: { params: IdParam },
  responses: { 200: json(Report, "The report"), ...guarded, ...problems(404, 422) },
});

export function restoreReport(app: App) {
  app.openapi(restore, async (c) => {
    const answer = await c.var.db.rpc("restore_report", {
      organization_id: c.var.actor.organizationId,
      report_id: c.req.valid("param").id,
    });
    const report = toReport(unwrap(answer, "report"));
    c.header("etag", etag(report));
    return c.json(report, 200);
  });
}
