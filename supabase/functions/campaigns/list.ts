import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Campaign, Status, toCampaign } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listCampaigns",
  tags: ["campaigns"],
  summary: "List campaigns",
  description: "Newest first.",
  ...permitted("campaigns:read"),
  request: {
    query: PageQuery.extend({
      status: Status.optional(),
      search: z.string().trim().max(200).optional().openapi({ description: "Part of the name" }),
    }),
  },
  responses: {
    200: json(pageOf(Campaign).openapi("CampaignPage"), "A page of campaigns"),
    ...guarded,
    ...problems(422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function listCampaigns(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_campaigns", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "campaign"));
    return c.json({ data: page.rows.map(toCampaign), total: page.total, limit, offset }, 200);
  });
}
