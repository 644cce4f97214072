import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { Action, ActionInput, toAction } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/",
  operationId: "createAction",
  tags: ["actions"],
  summary: "Connect, disconnect or warn a customer",
  description: "The customer's status follows in the same transaction.",
  ...permitted("actions:write"),
  request: { headers: IdempotencyHeader, body: jsonBody(ActionInput) },
  responses: { 201: json(Action, "The action"), ...guarded, ...problems(400, 404, 409, 422) },
});

export function createAction(app: App) {
  app.openapi(route, async (c) => {
    const { customer_id, action, note } = c.req.valid("json");
    const row = await c.var.db.rpc("create_action", {
      organization_id: c.var.actor.organizationId,
      customer_id,
      action,
      ...(note === undefined ? {} : { note }),
    });
    return c.json(toAction(unwrap(row, "action")), 201);
  });
}
