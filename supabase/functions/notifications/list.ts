import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Notification, toNotification } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listNotifications",
  tags: ["notifications"],
  summary: "The caller's notifications, newest first",
  ...permitted("notifications:read"),
  request: {
    query: PageQuery.extend({
      unread: z.enum(["true", "false"]).optional(),
      kind: z.string().max(100).optional(),
    }),
  },
  responses: {
    200: json(
      pageOf(Notification).extend({
        unread: z.int().openapi({
          description: "All unread notifications, whatever the filters",
          example: 3,
        }),
      }).openapi("NotificationPage"),
      "A page of notifications",
    ),
    ...guarded,
    ...problems(422),
  },
});

const Page = z.object({ total: z.number(), unread: z.number(), rows: z.array(z.unknown()) });

export function listNotifications(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_notifications", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const { rows, total, unread } = Page.parse(unwrap(answer, "notification"));
    return c.json({ data: rows.map(toNotification), total, limit, offset, unread }, 200);
  });
}
