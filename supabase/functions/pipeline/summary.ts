import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Money } from "../_shared/fields.ts";
import { unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";

const Summary = z.array(
  z.object({
    stage: z.string().openapi({ example: "contacted" }),
    label: z.string().openapi({ example: "Contacted" }),
    count: z.int().openapi({ example: 12 }),
    value: Money,
    position: z.int().openapi({ example: 2 }),
  }).openapi("StageSummary"),
);

const route = createRoute({
  method: "get",
  path: "/summary",
  operationId: "getPipelineSummary",
  tags: ["pipeline"],
  summary: "Number and value of the leads in each stage",
  description: "Of the leads in the caller's scope. Includes stages without leads.",
  ...permitted("leads:read"),
  responses: { 200: json(Summary, "The stages, in order"), ...guarded },
});

export function pipelineSummary(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("pipeline_summary", {
      organization_id: c.var.actor.organizationId,
    });
    return c.json(Summary.parse(unwrap(answer)), 200);
  });
}
