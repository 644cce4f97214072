import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { SmsDashboard, toSmsDashboard } from "./sms_dashboard_schemas.ts";

const Day = z.iso.date().openapi({ example: "2026-11-21" });

const route = createRoute({
  method: "get",
  path: "/dashboard",
  operationId: "getSmsDashboard",
  tags: ["analytics"],
  summary: "The messages of a period",
  description:
    "Messages of campaigns and others, replies, costs, failures and numbers, by days of the " +
    "organization's time zone, beside as many days before; and what needs attention now. campaign_id " +
    "narrows messages and alerts to a campaign.",
  ...permitted("campaigns:read"),
  request: {
    query: z.object({
      from: Day.optional().openapi({ description: "The first day; 30 days when left out" }),
      to: Day.optional().openapi({ description: "The last day (today); at most 92 days in all" }),
      campaign_id: z.uuid().optional(),
    }),
  },
  responses: { 200: json(SmsDashboard, "The figures"), ...guarded, ...problems(404, 422) },
});

export function smsDashboard(app: App) {
  app.openapi(route, async (c) => {
    const { from, to, campaign_id } = c.req.valid("query");
    const answer = await c.var.db.rpc("sms_dashboard", {
      organization_id: c.var.actor.organizationId,
      ...(from && { first_day: from }),
      ...(to && { last_day: to }),
      ...(campaign_id && { campaign_id }),
    });
    return c.json(toSmsDashboard(unwrap(answer, "campaign")), 200);
  });
}
