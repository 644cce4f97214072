import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { CampaignAnalytics, toCampaignAnalytics } from "./campaign_schemas.ts";

const route = createRoute({
  method: "get",
  path: "/campaigns/{id}",
  operationId: "getCampaignAnalytics",
  tags: ["analytics"],
  summary: "What became of a campaign",
  description:
    "Recipients, messages, failures by reason, costs and replies, in total and by variant, " +
    "number and hour. A reply answers the latest campaign message that the recipient got within 72 " +
    "hours; replies and opt-outs count with the message that they answer, once each.",
  ...permitted("campaigns:read"),
  request: { params: IdParam },
  responses: { 200: json(CampaignAnalytics, "The figures"), ...guarded, ...problems(404, 422) },
});

export function campaignAnalytics(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("campaign_analytics", {
      organization_id: c.var.actor.organizationId,
      campaign_id: c.req.valid("param").id,
    });
    return c.json(toCampaignAnalytics(unwrap(answer, "campaign")), 200);
  });
}
