import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { normalizePhone } from "../_shared/phone.ts";
import { invalidFields, problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { Text, toWritten, Written } from "./schemas.ts";

const Request = z.object({
  to: z.string().max(50).openapi({
    description: "E.164, or a local number of the organization's country",
    example: "0244123456",
  }),
  message: Text,
  sender_id: z.string().max(20).optional().openapi({
    description:
      "One of the organization's senders; without it that of the latest conversation with the " +
      "number, else the default",
    example: "+15550009999",
  }),
}).openapi("StartConversation");

const route = createRoute({
  method: "post",
  path: "/",
  operationId: "startConversation",
  tags: ["conversations"],
  summary: "Write to a number",
  description: "Starts a conversation, or continues the existing one. Checks: see the reply.",
  ...permitted("messages:send"),
  request: { headers: IdempotencyHeader, body: jsonBody(Request) },
  responses: { 202: json(Written, "Queued"), ...guarded, ...problems(400, 409, 422, 429) },
});

export function startConversation(app: App) {
  app.openapi(route, async (c) => {
    const { to, message, sender_id } = c.req.valid("json");
    const { organizationId, organization } = c.var.actor;
    const number = normalizePhone(to, organization.country);
    if (!number.ok) throw invalidFields([{ path: "to", message: number.message }]);
    const answer = await c.var.db.rpc("start_conversation", {
      organization_id: organizationId,
      to_number: number.phone,
      message,
      ...(sender_id === undefined ? {} : { sender_id }),
    });
    return c.json(toWritten(unwrap(answer, "conversation")), 202);
  });
}
