import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { numberOf, Queued, SenderId, Text, To, toQueued } from "./schemas.ts";

const Request = z.object({
  customer_id: z.uuid().optional(),
  lead_id: z.uuid().optional(),
  to: To.optional(),
  message: Text,
  sender_id: SenderId.optional(),
}).refine(
  ({ customer_id, lead_id, to }) =>
    [customer_id, lead_id, to].filter((recipient) => recipient !== undefined).length === 1,
  { path: ["to"], message: "Give one of customer_id, lead_id and to." },
).openapi("SendMessage");

const route = createRoute({
  method: "post",
  path: "/send",
  operationId: "sendMessage",
  tags: ["sms"],
  summary: "Text a customer, a lead or a number",
  ...permitted("messages:send"),
  request: { headers: IdempotencyHeader, body: jsonBody(Request) },
  responses: { 202: json(Queued, "Queued"), ...guarded, ...problems(400, 404, 409, 422, 429) },
});

export function send(app: App) {
  app.openapi(route, async (c) => {
    const { customer_id, lead_id, to, message, sender_id } = c.req.valid("json");
    const { organizationId, organization } = c.var.actor;
    const answer = await c.var.db.rpc("send_message", {
      organization_id: organizationId,
      message,
      ...(customer_id === undefined ? {} : { customer_id }),
      ...(lead_id === undefined ? {} : { lead_id }),
      ...(to === undefined ? {} : { to_number: numberOf(to, organization.country) }),
      ...(sender_id === undefined ? {} : { sender_id }),
    });
    return c.json(toQueued(unwrap(answer, "message")), 202);
  });
}
