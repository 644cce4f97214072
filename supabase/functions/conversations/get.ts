import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Thread, toThread } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getConversation",
  tags: ["conversations"],
  summary: "A conversation and its messages",
  description: "Reading marks nothing as read: see POST /conversations/{id}/read.",
  ...permitted("conversations:read"),
  request: {
    params: IdParam,
    query: z.object({
      limit: PageQuery.shape.limit,
      before: z.uuid("is not a cursor").optional()
        .openapi({ description: "next_before of the previous page" }),
    }),
  },
  responses: { 200: json(Thread, "The conversation"), ...guarded, ...problems(404, 422) },
});

export function getConversation(app: App) {
  app.openapi(route, async (c) => {
    const { limit, before } = c.req.valid("query");
    const answer = await c.var.db.rpc("get_conversation", {
      organization_id: c.var.actor.organizationId,
      conversation_id: c.req.valid("param").id,
      page_limit: limit,
      ...(before === undefined ? {} : { before }),
    });
    return c.json(toThread(unwrap(answer, "conversation")), 200);
  });
}
