import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { isoTime, Timestamp } from "../_shared/fields.ts";
import { checkServices, OrganizationHealth, readHealth, worst } from "../_shared/health.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";

const AdminHealth = OrganizationHealth.extend({
  services: z.array(z.object({
    name: z.enum(["database", "auth", "storage"]),
    status: z.enum(["ok", "degraded", "down"]),
    latency_ms: z.int(),
  })),
}).openapi("AdminHealth");

const health = createRoute({
  method: "get",
  path: "/health",
  operationId: "adminGetHealth",
  tags: ["admin"],
  summary: "How services, jobs, queues, providers and integrations are doing",
  description:
    "Queues, senders and integrations are the organization's own; jobs and services are the " +
    "platform's, without details. status is the worst of all, by `thresholds`.",
  ...permitted("health:read"),
  responses: { 200: json(AdminHealth, "The health"), ...guarded },
});

const HealthSeries = z.object({
  metric_type: z.string().openapi({ example: "messages_backlog" }),
  time_range: z.string().openapi({ example: "day" }),
  unit: z.string().openapi({ example: "messages" }),
  step_seconds: z.number().openapi({ example: 300 }),
  points: z.array(z.object({
    at: Timestamp.openapi({ description: "The start of the step" }),
    value: z.number().nullable().openapi({
      description: "The average; null where no snapshot was taken",
    }),
    peak: z.number().nullable(),
  })),
}).openapi("HealthSeries");

const metrics = createRoute({
  method: "get",
  path: "/health/metrics",
  operationId: "adminGetHealthMetrics",
  tags: ["admin"],
  summary: "A metric over time",
  description: "Snapshots are taken every five minutes, and kept for a week; hours for 90 days; " +
    "days for a year. At most 400 points.",
  ...permitted("health:read"),
  request: {
    query: z.object({
      metric_type: z.enum([
        "messages_backlog",
        "messages_lag",
        "emails_backlog",
        "emails_lag",
        "imports_backlog",
        "imports_lag",
        "reports_backlog",
        "reports_lag",
        "webhooks_backlog",
        "webhooks_lag",
        "jobs_unhealthy",
      ]).default("messages_backlog").openapi({ description: "Lags are in seconds" }),
      time_range: z.enum(["day", "week", "month", "year"]).default("day"),
    }),
  },
  responses: { 200: json(HealthSeries, "The series"), ...guarded, ...problems(422) },
});

/** GET /admin/health and /admin/health/metrics. */
export function adminHealth(app: App) {
  app.openapi(health, async (c) => {
    const { health, databaseMs } = await readHealth(c);
    const services = await checkServices(c, health, databaseMs);
    return c.json({
      ...health,
      status: worst([health.status, ...services.map(({ status }) => status)]),
      services,
      jobs: health.jobs.map((job) => ({
        ...job,
        last_run_at: isoTime(job.last_run_at),
        last_success_at: isoTime(job.last_success_at),
      })),
      queues: health.queues.map((queue) => ({
        ...queue,
        oldest_waiting_at: isoTime(queue.oldest_waiting_at),
      })),
      integrations: health.integrations.map((integration) => ({
        ...integration,
        failing_since: isoTime(integration.failing_since),
        last_success_at: isoTime(integration.last_success_at),
      })),
      checked_at: isoTime(health.checked_at),
    }, 200);
  });
  app.openapi(metrics, async (c) => {
    const { metric_type, time_range } = c.req.valid("query");
    const answer = await c.var.db.rpc("health_series", {
      organization_id: c.var.actor.organizationId,
      metric: metric_type,
      time_range,
    });
    const series = HealthSeries.parse(unwrap(answer, "metric"));
    const points = series.points.map((point) => ({ ...point, at: isoTime(point.at) }));
    return c.json({ ...series, points }, 200);
  });
}
