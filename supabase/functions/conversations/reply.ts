import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import { Text, toWritten, Written } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/{id}/messages",
  operationId: "replyToConversation",
  tags: ["conversations"],
  summary: "Write in a conversation",
  description:
    "The checks of every message apply: it is suppressed for a number that opted out, and waits " +
    "for the end of quiet hours and for the review of a reply that may be an opt-out. A closed " +
    "conversation is reopened.",
  ...permitted("messages:send"),
  request: {
    params: IdParam,
    headers: IdempotencyHeader,
    body: jsonBody(z.object({ message: Text }).openapi("ConversationReply")),
  },
  responses: { 202: json(Written, "Queued"), ...guarded, ...problems(400, 404, 409, 422, 429) },
});

export function replyToConversation(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("reply_to_conversation", {
      organization_id: c.var.actor.organizationId,
      conversation_id: c.req.valid("param").id,
      message: c.req.valid("json").message,
    });
    return c.json(toWritten(unwrap(answer, "conversation")), 202);
  });
}
