import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { etag } from "../_shared/version.ts";
import { Campaign, CampaignInput, toCampaign } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/",
  operationId: "createCampaign",
  tags: ["campaigns"],
  summary: "Add a campaign",
  description: "It is a draft: nothing is sent before it is started.",
  ...permitted("campaigns:write"),
  request: { headers: IdempotencyHeader, body: jsonBody(CampaignInput) },
  responses: { 201: json(Campaign, "The new campaign"), ...guarded, ...problems(400, 409, 422) },
});

export function createCampaign(app: App) {
  app.openapi(route, async (c) => {
    const row = await c.var.db.rpc("create_campaign", {
      organization_id: c.var.actor.organizationId,
      campaign: c.req.valid("json"),
    });
    const campaign = toCampaign(unwrap(row, "campaign"));
    c.header("etag", etag(campaign));
    return c.json(campaign, 201);
  });
}
