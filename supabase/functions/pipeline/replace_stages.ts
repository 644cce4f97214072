import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";
import { StageInput, Stages } from "./schemas.ts";

const Pipeline = z.object({
  stages: z.array(StageInput).min(1).max(50),
  move: z.record(z.string().max(50), z.string().max(50)).default({}).openapi({
    description: "The target stage for the leads of each removed stage: new key by old key",
    example: {},
  }),
}).openapi("Pipeline");

const route = createRoute({
  method: "put",
  path: "/stages",
  operationId: "replaceStages",
  tags: ["pipeline"],
  summary: "Replace the stages",
  description:
    "At least one stage must be open: new leads enter the first open one. Stages that are left " +
    "out are removed; if they contain leads (including deleted ones), 409 `stage_in_use` has the " +
    "numbers by key as `leads`, unless `move` has a target stage. " +
    "Leads follow when their stage becomes open, won or lost.",
  ...permitted("leads:configure"),
  request: { body: jsonBody(Pipeline) },
  responses: { 200: json(Stages, "The stages"), ...guarded, ...problems(400, 409, 413, 422) },
});

export function replaceStages(app: App) {
  app.openapi(route, async (c) => {
    const { stages, move } = c.req.valid("json");
    const answer = await c.var.db.rpc("replace_stages", {
      organization_id: c.var.actor.organizationId,
      stages,
      moves: move,
    });
    return c.json(Stages.parse({ stages: unwrap(answer) }), 200);
  });
}
