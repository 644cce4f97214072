import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Conversation, toConversation } from "./schemas.ts";

const definition = {
  tags: ["conversations"],
  ...permitted("conversations:write"),
  request: { params: IdParam },
  responses: { 200: json(Conversation, "The conversation"), ...guarded, ...problems(404, 422) },
};

const close = createRoute({
  ...definition,
  method: "post",
  path: "/{id}/close",
  operationId: "closeConversation",
  summary: "Close a conversation",
  description: "The next message, in or out, reopens it.",
});

const reopen = createRoute({
  ...definition,
  method: "post",
  path: "/{id}/reopen",
  operationId: "reopenConversation",
  summary: "Open a closed conversation",
});

export function closeConversation(app: App) {
  app.openapi(close, async (c) => {
    const answer = await c.var.db.rpc("set_conversation_status", {
      organization_id: c.var.actor.organizationId,
      conversation_id: c.req.valid("param").id,
      status: "closed",
    });
    return c.json(toConversation(unwrap(answer, "conversation")), 200);
  });
}

export function reopenConversation(app: App) {
  app.openapi(reopen, async (c) => {
    const answer = await c.var.db.rpc("set_conversation_status", {
      organization_id: c.var.actor.organizationId,
      conversation_id: c.req.valid("param").id,
      status: "open",
    });
    return c.json(toConversation(unwrap(answer, "conversation")), 200);
  });
}
