import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Conversation, toConversation } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/{id}/read",
  operationId: "readConversation",
  tags: ["conversations"],
  summary: "Mark a conversation as read",
  ...permitted("conversations:write"),
  request: {
    params: IdParam,
    query: z.object({
      until: z.uuid().optional().openapi({
        description: "The newest message that was on the screen; later ones stay unread",
      }),
    }),
  },
  responses: { 200: json(Conversation, "The conversation"), ...guarded, ...problems(404, 422) },
});

export function readConversation(app: App) {
  app.openapi(route, async (c) => {
    const { until } = c.req.valid("query");
    const answer = await c.var.db.rpc("read_conversation", {
      organization_id: c.var.actor.organizationId,
      conversation_id: c.req.valid("param").id,
      ...(until === undefined ? {} : { until }),
    });
    return c.json(toConversation(unwrap(answer, "conversation")), 200);
  });
}
