import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { isoTime, Timestamp } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Message, toMessage } from "./message.ts";

const Event = z.object({
  status: z.string().openapi({ example: "delivered" }),
  at: Timestamp,
  code: z.string().nullable().optional(),
});
const MessageWithEvents = Message.extend({ events: z.array(Event) }).openapi("MessageWithEvents");

const route = createRoute({
  method: "get",
  path: "/status/{message_id}",
  operationId: "getMessageStatus",
  tags: ["sms"],
  summary: "A message with its delivery events",
  ...permitted("messages:read"),
  request: {
    params: z.object({
      message_id: z.uuid().openapi({ param: { name: "message_id", in: "path" } }),
    }),
  },
  responses: { 200: json(MessageWithEvents, "The message"), ...guarded, ...problems(404, 422) },
});

const Events = z.object({ events: z.array(Event.extend({ at: z.string() })) });

export function messageStatus(app: App) {
  app.openapi(route, async (c) => {
    const answer = unwrap(
      await c.var.db.rpc("message_status", {
        organization_id: c.var.actor.organizationId,
        message_id: c.req.valid("param").message_id,
      }),
      "message",
    );
    const { events } = Events.parse(answer);
    return c.json({
      ...toMessage(answer),
      events: events.map((event) => ({ ...event, at: isoTime(event.at) })),
    }, 200);
  });
}
