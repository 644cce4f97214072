import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly, isoTime, Timestamp } from "../_shared/fields.ts";
import { PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { AuditFilters, AuditLog, toAuditLog } from "./schemas.ts";

const AuditLogPage = z.object({
  logs: z.array(AuditLog),
  total: z.int().openapi({ description: "Counted up to 10,000", example: 1 }),
  total_is_capped: z.boolean().openapi({
    description: "Whether there are more entries than total",
  }),
  searched_from: Timestamp.nullable().openapi({
    description:
      "A search reads the newest 20,000 entries that match the other filters. If there " +
      "are more, they are older than this: narrow the dates to search them",
  }),
  page: z.int().openapi({ example: 1 }),
  limit: z.int().openapi({ example: 50 }),
}).openapi("AuditLogPage");

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listAuditLogs",
  tags: ["audit-logs"],
  summary: "List the audit log, newest first",
  ...permitted("audit:read"),
  request: {
    query: PageQuery.extend({
      ...AuditFilters.shape,
      page: z.coerce.number().int().min(1).max(5_000).optional()
        .openapi({ description: "Starts at 1; replaces offset", example: 1 }),
    }),
  },
  responses: { 200: json(AuditLogPage, "A page of entries"), ...guarded, ...problems(422) },
});

const Page = z.object({
  total: z.number(),
  total_is_capped: z.boolean(),
  searched_from: z.string().nullable().default(null),
  rows: z.array(z.unknown()),
});

export function listAuditLogs(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, page, ...filters } = c.req.valid("query");
    const skipped = page === undefined ? offset : (page - 1) * limit;
    const answer = await c.var.db.rpc("list_audit_logs", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: skipped,
    });
    const { rows, searched_from, ...counts } = Page.parse(unwrap(answer, "entry"));
    return c.json({
      logs: rows.map(toAuditLog),
      ...counts,
      searched_from: isoTime(searched_from),
      page: Math.floor(skipped / limit) + 1,
      limit,
    }, 200);
  });
}
