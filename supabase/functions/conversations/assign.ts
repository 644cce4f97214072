import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { Conversation, toConversation } from "./schemas.ts";

const Request = z.object({
  assigned_to: Id.nullable().openapi({ description: "A member; null: nobody" }),
}).openapi("AssignConversation");

const route = createRoute({
  method: "post",
  path: "/{id}/assign",
  operationId: "assignConversation",
  tags: ["conversations"],
  summary: "Assign a conversation",
  description: "The assignee is notified, and from then on of new inbound messages.",
  ...permitted("conversations:write"),
  request: { params: IdParam, body: jsonBody(Request) },
  responses: { 200: json(Conversation, "The conversation"), ...guarded, ...problems(404, 422) },
});

export function assignConversation(app: App) {
  app.openapi(route, async (c) => {
    const { assigned_to } = c.req.valid("json");
    const answer = await c.var.db.rpc("assign_conversation", {
      organization_id: c.var.actor.organizationId,
      conversation_id: c.req.valid("param").id,
      ...(assigned_to === null ? {} : { assigned_to }),
    });
    return c.json(toConversation(unwrap(answer, "conversation")), 200);
  });
}
