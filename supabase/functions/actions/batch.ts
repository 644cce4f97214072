import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { ActionInput } from "./schemas.ts";

const Created = z.object({
  batch_id: Id,
  created: z.int().openapi({ example: 250 }),
}).openapi("ActionBatch");

const route = createRoute({
  method: "post",
  path: "/batch",
  operationId: "createActionBatch",
  tags: ["actions"],
  summary: "Record many actions as one batch",
  description:
    "One transaction: either all are recorded, or none and the invalid indexes are listed.",
  ...permitted("actions:write"),
  request: {
    headers: IdempotencyHeader,
    body: jsonBody(z.object({ actions: z.array(ActionInput).min(1).max(10_000) })),
  },
  responses: { 201: json(Created, "The batch"), ...guarded, ...problems(400, 409, 413, 422) },
});

export function createBatch(app: App) {
  app.openapi(route, async (c) => {
    const { actions } = c.req.valid("json");
    const answer = await c.var.db.rpc("create_actions", {
      organization_id: c.var.actor.organizationId,
      actions,
    });
    return c.json(Created.parse(unwrap(answer, "batch")), 201);
  });
}
