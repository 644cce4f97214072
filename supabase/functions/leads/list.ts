import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Lead, LeadFilters, toLead } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listLeads",
  tags: ["leads"],
  summary: "List leads",
  description: "The organization's, the team's or own leads, by the scope of the permission. " +
    "`deleted=true` lists deleted leads instead; it needs leads:delete.",
  ...permitted("leads:read"),
  request: {
    query: PageQuery.extend({
      ...LeadFilters.shape,
      deleted: z.enum(["true", "false"]).optional(),
      sort: z.enum(
        ["created_at", "updated_at", "full_name", "value", "sla_deadline"]
          .flatMap((field) => [field, `-${field}`]),
      ).default("-created_at").openapi({
        description:
          "A lead without a deadline sorts as if the deadline were in the distant future",
      }),
    }),
  },
  responses: {
    200: json(pageOf(Lead).openapi("LeadPage"), "A page of leads"),
    ...guarded,
    ...problems(422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function listLeads(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, sort, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_leads", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      sort,
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "lead"));
    return c.json({ data: page.rows.map(toLead), total: page.total, limit, offset }, 200);
  });
}
