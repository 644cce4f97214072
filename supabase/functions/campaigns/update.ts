import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Problem, problems, requireChange, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { etag, expectedVersion, IfMatchHeader } from "../_shared/version.ts";
import { Campaign, CampaignChange, toCampaign } from "./schemas.ts";

const route = createRoute({
  method: "patch",
  path: "/{id}",
  operationId: "updateCampaign",
  tags: ["campaigns"],
  summary: "Change a campaign",
  description:
    "Once it has started, only its name, its numbers, its rate and when it pauses itself. With If-Match or " +
    "`version` a campaign that changed meanwhile is not overwritten: 409 `stale_version` shows " +
    "it as `current`.",
  ...permitted("campaigns:write"),
  request: { params: IdParam, headers: IfMatchHeader, body: jsonBody(CampaignChange) },
  responses: { 200: json(Campaign, "The campaign"), ...guarded, ...problems(400, 404, 409, 422) },
});

const Outcome = z.union([z.object({ campaign: z.unknown() }), z.object({ stale: z.unknown() })]);

export function updateCampaign(app: App) {
  app.openapi(route, async (c) => {
    const { version, ...change } = c.req.valid("json");
    const expected = expectedVersion(c.req.valid("header")["if-match"], version);
    requireChange(change);
    const answer = await c.var.db.rpc("update_campaign", {
      organization_id: c.var.actor.organizationId,
      campaign_id: c.req.valid("param").id,
      change,
      ...(expected === undefined ? {} : { expected_version: expected }),
    });
    const outcome = Outcome.parse(unwrap(answer, "campaign"));
    if ("stale" in outcome) {
      throw new Problem(409, "stale_version", "The campaign changed since you read it.", {
        members: { current: toCampaign(outcome.stale) },
      });
    }
    const campaign = toCampaign(outcome.campaign);
    c.header("etag", etag(campaign));
    return c.json(campaign, 200);
  });
}
