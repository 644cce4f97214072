import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { SlaPerformance } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/sla-performance",
  operationId: "getSlaPerformance",
  tags: ["dashboard"],
  summary: "Response times",
  description: "`sla` of the metrics, in total and for each person in the caller's scope.",
  ...permitted("dashboard:read"),
  responses: { 200: json(SlaPerformance, "The response times"), ...guarded },
});

export function slaPerformance(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("sla_performance", {
      organization_id: c.var.actor.organizationId,
    });
    return c.json(SlaPerformance.parse(unwrap(answer)), 200);
  });
}
