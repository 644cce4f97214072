import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { AuditLogDetail, toAuditLogDetail } from "../_shared/audit_log.ts";

const route = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getAuditLog",
  tags: ["audit-logs"],
  summary: "Get an entry with the values before and after",
  description: "Secrets and message bodies are masked with ***.",
  ...permitted("audit:read"),
  request: { params: IdParam },
  responses: { 200: json(AuditLogDetail, "The entry"), ...guarded, ...problems(404, 422) },
});

export function getAuditLog(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("get_audit_log", {
      organization_id: c.var.actor.organizationId,
      entry_id: c.req.valid("param").id,
    });
    return c.json(toAuditLogDetail(unwrap(answer, "entry")), 200);
  });
}
