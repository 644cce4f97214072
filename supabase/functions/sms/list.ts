import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Message, toMessage } from "./message.ts";
import { MessageStatus, numberOf } from "./schemas.ts";

const Day = z.iso.date();

const route = createRoute({
  method: "get",
  path: "/messages",
  operationId: "listMessages",
  tags: ["sms"],
  summary: "List messages, newest first",
  ...permitted("messages:read"),
  request: {
    query: PageQuery.extend({
      status: MessageStatus.optional(),
      unknown: z.enum(["true", "false"]).optional().openapi({
        description: "Whether its outcome is unknown: the provider has no final status",
      }),
      direction: z.enum(["outbound", "inbound"]).optional(),
      to: z.string().max(50).optional().openapi({ example: "0244123456" }),
      batch_id: z.uuid().optional(),
      campaign_id: z.uuid().optional(),
      customer_id: z.uuid().optional(),
      date: Day.optional().openapi({ description: "One day, UTC", example: "2026-11-21" }),
      date_from: Day.optional().openapi({ description: "First day, UTC", example: "2026-11-01" }),
      date_to: Day.optional().openapi({ description: "Last day, UTC", example: "2026-11-30" }),
    }),
  },
  responses: {
    200: json(pageOf(Message).openapi("MessagePage"), "A page of messages"),
    ...guarded,
    ...problems(422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

/** The moment at which a UTC day, or the one after it, begins. */
function dayStart(day: string, later = 0): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + later * 86_400_000).toISOString();
}

export function listMessages(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, to, date, date_from, date_to, ...equal } = c.req.valid("query");
    const { organizationId, organization } = c.var.actor;
    const from = date ?? date_from;
    const until = date ?? date_to;
    const answer = await c.var.db.rpc("list_messages", {
      organization_id: organizationId,
      filters: definedOnly({
        ...equal,
        to: to === undefined ? undefined : numberOf(to, organization.country),
        from: from === undefined ? undefined : dayStart(from),
        before: until === undefined ? undefined : dayStart(until, 1),
      }),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "message"));
    return c.json({ data: page.rows.map(toMessage), total: page.total, limit, offset }, 200);
  });
}
