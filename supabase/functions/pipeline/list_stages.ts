import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Stages } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/stages",
  operationId: "listStages",
  tags: ["pipeline"],
  summary: "The stages, in order",
  ...permitted("leads:read"),
  responses: { 200: json(Stages, "The stages"), ...guarded },
});

export function listStages(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("list_stages", {
      organization_id: c.var.actor.organizationId,
    });
    return c.json(Stages.parse({ stages: unwrap(answer) }), 200);
  });
}
