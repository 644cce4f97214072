import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly, Id } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Conversation, ConversationStatus, toConversation } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listConversations",
  tags: ["conversations"],
  summary: "List conversations, newest first",
  ...permitted("conversations:read"),
  request: {
    query: PageQuery.extend({
      status: ConversationStatus.optional(),
      assigned_to: z.union([z.literal(["me", "none"]), z.uuid()]).optional(),
      unread: z.enum(["true", "false"]).optional(),
      lead_id: Id.optional(),
      customer_id: Id.optional(),
      search: z.string().trim().max(100).optional().openapi({
        description: "Part of the number, or of the name of the lead or customer",
      }),
    }),
  },
  responses: {
    200: json(pageOf(Conversation).openapi("ConversationPage"), "A page of conversations"),
    ...guarded,
    ...problems(422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function listConversations(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_conversations", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "conversation"));
    return c.json({ data: page.rows.map(toConversation), total: page.total, limit, offset }, 200);
  });
}
