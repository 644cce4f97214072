import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Template, TemplateFilters, toTemplate } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listTemplates",
  tags: ["templates"],
  summary: "List templates, by name",
  ...permitted("templates:read"),
  request: { query: PageQuery.extend(TemplateFilters.shape) },
  responses: {
    200: json(pageOf(Template).openapi("TemplatePage"), "A page of templates"),
    ...guarded,
    ...problems(422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function listTemplates(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_templates", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer));
    return c.json({ data: page.rows.map(toTemplate), total: page.total, limit, offset }, 200);
  });
}
