import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Money, Timestamp } from "../_shared/fields.ts";
import { unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";

const Count = z.int().openapi({ example: 12 });

const Dashboard = z.object({
  total_customers: Count,
  by_status: z.object({ connected: Count, disconnected: Count, warned: Count }),
  total_arrears: Money,
  recent_actions: z.array(z.object({
    id: Id,
    customer_id: Id,
    customer_name: z.string(),
    action: z.enum(["connect", "disconnect", "warn", "sms_sent"]),
    note: z.string().nullable(),
    source: z.enum(["manual", "batch"]),
    batch_id: Id.nullable(),
    performed_by: Id.nullable(),
    performed_by_name: z.string().nullable(),
    timestamp: Timestamp,
  })),
  actions_today: Count,
  sms: z.object({
    queued: Count,
    sending: Count,
    sent: Count,
    delivered: Count,
    failed: Count,
    suppressed: Count,
  }),
  actions_by_day: z.array(z.object({
    date: z.string().openapi({ example: "2026-11-21" }),
    connect: Count,
    disconnect: Count,
    warn: Count,
    sms_sent: Count,
  })),
}).openapi("CustomersDashboard");

const Figures = Dashboard.extend({
  recent_actions: z.array(
    Dashboard.shape.recent_actions.element.omit({ timestamp: true }).extend({
      created_at: z.string(),
    }),
  ),
});

const route = createRoute({
  method: "get",
  path: "/dashboard/data",
  operationId: "getCustomersDashboard",
  tags: ["customers"],
  summary: "The customers' dashboard",
  description:
    "Days are in the organization's time zone. `sms` counts all outbound texts; failed includes undelivered.",
  ...permitted("customers:read"),
  responses: { 200: json(Dashboard, "The figures"), ...guarded },
});

export function customersDashboard(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("customers_dashboard", {
      organization_id: c.var.actor.organizationId,
    });
    const figures = Figures.parse(unwrap(answer));
    const recent = figures.recent_actions.map(({ created_at, ...action }) => ({
      ...action,
      timestamp: isoTime(created_at),
    }));
    return c.json({ ...figures, recent_actions: recent }, 200);
  });
}
