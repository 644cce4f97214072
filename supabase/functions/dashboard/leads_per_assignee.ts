import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { AssigneeFigures } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/leads-per-assignee",
  operationId: "getLeadsPerAssignee",
  tags: ["dashboard"],
  summary: "Number of leads by assignee",
  description: "Of the leads in the caller's scope, busiest assignees first; includes people " +
    "in the scope who may hold leads and have none.",
  ...permitted("dashboard:read"),
  responses: { 200: json(z.array(AssigneeFigures), "A row for each person"), ...guarded },
});

export function leadsPerAssignee(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("leads_per_assignee", {
      organization_id: c.var.actor.organizationId,
    });
    return c.json(z.array(AssigneeFigures).parse(unwrap(answer)), 200);
  });
}
