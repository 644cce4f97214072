import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { ensure, problems } from "../_shared/problem.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";

const route = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "deleteCampaign",
  tags: ["campaigns"],
  summary: "Delete a campaign",
  description: "A draft, or one that is over. What it sent stays on record.",
  ...permitted("campaigns:write"),
  request: { params: IdParam },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 409, 422) },
});

export function deleteCampaign(app: App) {
  app.openapi(route, async (c) => {
    ensure(
      await c.var.db.rpc("delete_campaign", {
        organization_id: c.var.actor.organizationId,
        campaign_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
}
