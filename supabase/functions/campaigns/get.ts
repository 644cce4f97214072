import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { etag } from "../_shared/version.ts";
import { Campaign, toCampaign } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getCampaign",
  tags: ["campaigns"],
  summary: "One campaign and its figures",
  ...permitted("campaigns:read"),
  request: { params: IdParam },
  responses: { 200: json(Campaign, "The campaign"), ...guarded, ...problems(404, 422) },
});

export function getCampaign(app: App) {
  app.openapi(route, async (c) => {
    const row = await c.var.db.rpc("get_campaign", {
      organization_id: c.var.actor.organizationId,
      campaign_id: c.req.valid("param").id,
    });
    const campaign = toCampaign(unwrap(row, "campaign"));
    c.header("etag", etag(campaign));
    return c.json(campaign, 200);
  });
}
