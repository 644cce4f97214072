import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { AuditLogPage, auditPage, AuditPageQuery } from "../_shared/audit_log.ts";
import { problems } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listAuditLogs",
  tags: ["audit-logs"],
  summary: "List the audit log, newest first",
  ...permitted("audit:read"),
  request: { query: AuditPageQuery },
  responses: { 200: json(AuditLogPage, "A page of entries"), ...guarded, ...problems(422) },
});

export function listAuditLogs(app: App) {
  app.openapi(route, async (c) => c.json(await auditPage(c, c.req.valid("query")), 200));
}
