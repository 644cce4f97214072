import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Report, toReport } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listReports",
  tags: ["reports"],
  summary: "List one's own reports and those shared with one, the latest changed first",
  ...permitted("reports:read"),
  request: {
    query: PageQuery.extend({
      search: z.string().trim().max(200).optional().openapi({ description: "Part of a name" }),
      source: z.string().max(50).optional().openapi({ example: "leads" }),
      own: z.enum(["true", "false"]).optional().openapi({
        description: "Only one's own, or only those of others",
      }),
      deleted: z.enum(["true", "false"]).optional().openapi({
        description: "One's own deleted reports",
      }),
    }),
  },
  responses: {
    200: json(pageOf(Report).openapi("ReportPage"), "A page of reports"),
    ...guarded,
    ...problems(422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function listReports(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_reports", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer));
    return c.json({ data: page.rows.map(toReport), total: page.total, limit, offset }, 200);
  });
}
