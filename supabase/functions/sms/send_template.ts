import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, permitted } from "../_shared/route.ts";
import { Queued, toQueued } from "./schemas.ts";

const route = (purpose: "warning" | "disconnection" | "connection") =>
  createRoute({
    method: "post",
    path: `/send/${purpose}/{customer_id}`,
    operationId: `send${purpose.charAt(0).toUpperCase()}${purpose.slice(1)}`,
    tags: ["sms"],
    summary: `Text a customer the organization's ${purpose} template`,
    description: "With the customer's arrears; recorded as the action sms_sent.",
    ...permitted("messages:send"),
    request: {
      headers: IdempotencyHeader,
      params: z.object({
        customer_id: z.uuid().openapi({ param: { name: "customer_id", in: "path" } }),
      }),
    },
    responses: { 202: json(Queued, "Queued"), ...guarded, ...problems(400, 404, 409, 422, 429) },
  });

export function sendTemplates(app: App) {
  for (const purpose of ["warning", "disconnection", "connection"] as const) {
    app.openapi(route(purpose), async (c) => {
      const answer = await c.var.db.rpc("send_message", {
        organization_id: c.var.actor.organizationId,
        customer_id: c.req.valid("param").customer_id,
        purpose,
      });
      return c.json(toQueued(unwrap(answer, "message")), 202);
    });
  }
}
