import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { cursorPageOf, CursorQuery, toCursorPage } from "../_shared/page.ts";
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
    query: CursorQuery.extend({
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
    200: json(cursorPageOf(Lead).openapi("LeadPage"), "A page of leads"),
    ...guarded,
    ...problems(422),
  },
});

export function listLeads(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, cursor, sort, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_leads", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      sort,
      page_limit: limit,
      page_offset: offset,
      ...(cursor !== undefined && { page_cursor: cursor }),
    });
    return c.json(toCursorPage(unwrap(answer, "lead"), { limit, offset }, toLead), 200);
  });
}
