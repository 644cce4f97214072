import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Notification, toNotification } from "./schemas.ts";

const one = createRoute({
  method: "post",
  path: "/{id}/read",
  operationId: "readNotification",
  tags: ["notifications"],
  summary: "Mark a notification as read",
  ...permitted("notifications:read"),
  request: { params: IdParam },
  responses: { 200: json(Notification, "The notification"), ...guarded, ...problems(404, 422) },
});

const all = createRoute({
  method: "post",
  path: "/read-all",
  operationId: "readAllNotifications",
  tags: ["notifications"],
  summary: "Mark all notifications as read",
  ...permitted("notifications:read"),
  request: {
    query: z.object({
      until: z.iso.datetime({ offset: true, abort: true })
        .refine((text) => text >= "2000", "is out of range").optional().openapi({
          description: "Only those created until then, such as the newest one on the screen",
        }),
    }),
  },
  responses: {
    200: json(
      z.object({ read: z.int().openapi({ example: 3 }) }),
      "The number of notifications that were marked",
    ),
    ...guarded,
    ...problems(422),
  },
});

export function readNotification(app: App) {
  app.openapi(one, async (c) => {
    const answer = await c.var.db.rpc("read_notification", {
      organization_id: c.var.actor.organizationId,
      notification_id: c.req.valid("param").id,
    });
    return c.json(toNotification(unwrap(answer, "notification")), 200);
  });
}

export function readAllNotifications(app: App) {
  app.openapi(all, async (c) => {
    const { until } = c.req.valid("query");
    const answer = await c.var.db.rpc("read_notifications", {
      organization_id: c.var.actor.organizationId,
      ...(until === undefined ? {} : { until }),
    });
    return c.json({ read: unwrap(answer, "notification") }, 200);
  });
}
