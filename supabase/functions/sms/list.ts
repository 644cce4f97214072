import { createRoute, z } from "@hono/zod-openapi";
import type { App } from "../_shared/app.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { fromPostgres, problems } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Message, toMessage } from "./message.ts";
import { MessageStatus, numberOf } from "./schemas.ts";

const Day = z.iso.date();

const route = createRoute({
  method: "get",
  path: "/messages",
  operationId: "listMessages",
  tags: ["sms"],
  summary: "List texts, newest first",
  ...permitted("messages:read"),
  request: {
    query: PageQuery.extend({
      status: MessageStatus.optional(),
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

const columns =
  "id, direction, status, to_number, from_number, body, segments, encoding, provider, provider_message_id, error_code, " +
  "error_message, customer_id, batch_id, campaign_id, attempts, send_after, created_at, sent_at, delivered_at";

/** The moment at which a UTC day, or the one after it, begins. */
function dayStart(day: string, later = 0): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + later * 86_400_000).toISOString();
}

export function listMessages(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, to, date, date_from, date_to, ...equal } = c.req.valid("query");
    const { organizationId, organization } = c.var.actor;
    let query = c.var.db.from("messages").select(columns, { count: "exact" })
      .eq("organization_id", organizationId);
    for (const [column, value] of Object.entries(equal)) {
      if (value !== undefined) query = query.eq(column, value);
    }
    if (to !== undefined) query = query.eq("to_number", numberOf(to, organization.country));
    const from = date ?? date_from;
    const until = date ?? date_to;
    if (from !== undefined) query = query.gte("created_at", dayStart(from));
    if (until !== undefined) query = query.lt("created_at", dayStart(until, 1));
    const { data, count, error } = await query.order("id", { ascending: false })
      .range(offset, offset + limit - 1);
    if (error) throw fromPostgres(error, "message");
    return c.json({ data: data.map(toMessage), total: count ?? 0, limit, offset }, 200);
  });
}
