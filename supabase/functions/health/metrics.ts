import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import {
  checkServices,
  type OrganizationHealth,
  readHealth,
  type ServiceHealth,
} from "../_shared/health.ts";
import { guarded, permitted } from "../_shared/route.ts";
import { parseTimestamp } from "../_shared/timestamp.ts";
import { type Metric, prometheusText } from "./prometheus.ts";

const route = createRoute({
  method: "get",
  path: "/metrics",
  operationId: "getHealthMetrics",
  tags: ["health"],
  summary: "Health in the text format of Prometheus",
  description: "For an API key whose role has health:read. 1 is ok, 0.5 degraded, 0 down.",
  ...permitted("health:read"),
  responses: {
    200: {
      description: "The metrics",
      content: {
        "text/plain": {
          schema: z.string().openapi({ example: 'signalbox_queue_backlog{queue="emails"} 3' }),
        },
      },
    },
    ...guarded,
  },
});

const levels: Record<string, number> = { ok: 1, unknown: 1, degraded: 0.5, down: 0 };
const level = (status: string): number => levels[status] ?? 0;
const seconds = (time: string | null): number[] =>
  time === null ? [] : [parseTimestamp(time) / 1000];

function metricsOf(
  { jobs, queues, providers, integrations }: z.infer<typeof OrganizationHealth>,
  services: ServiceHealth[],
): Metric[] {
  const gauge = <T>(
    name: string,
    help: string,
    rows: T[],
    sample: (row: T) => Metric["samples"],
  ): Metric => ({ name: `signalbox_${name}`, help, samples: rows.flatMap(sample) });
  return [
    gauge("service_up", "Services: 1 ok, 0.5 degraded, 0 down", services, (row) => [
      { labels: { service: row.name }, value: level(row.status) },
    ]),
    gauge("service_latency_seconds", "How long services took to answer", services, (row) => [
      { labels: { service: row.name }, value: row.latency_ms / 1000 },
    ]),
    gauge("queue_backlog", "What is due and waits", queues, (row) => [
      { labels: { queue: row.name }, value: row.backlog },
    ]),
    gauge("queue_lag_seconds", "How long the oldest of it waits", queues, (row) => [
      { labels: { queue: row.name }, value: row.lag_seconds },
    ]),
    gauge("job_up", "Jobs: 1 ok, 0.5 degraded, 0 down", jobs, (row) => [
      { labels: { job: row.name }, value: level(row.status) },
    ]),
    gauge(
      "job_last_success_timestamp_seconds",
      "When jobs last succeeded",
      jobs,
      (row) => seconds(row.last_success_at).map((value) => ({ labels: { job: row.name }, value })),
    ),
    gauge("provider_up", "Providers: 1 ok, 0.5 degraded, 0 down", providers, (row) => [
      { labels: { provider: row.name }, value: level(row.status) },
    ]),
    gauge("integration_up", "Integrations: 1 ok, 0.5 degraded, 0 down", integrations, (row) => [
      { labels: { integration: row.type }, value: level(row.status) },
    ]),
  ];
}

/** GET /health/metrics. */
export function getMetrics(app: App) {
  app.openapi(route, async (c) => {
    const { health, databaseMs } = await readHealth(c);
    const services = await checkServices(c, health, databaseMs);
    return c.text(prometheusText(metricsOf(health, services)), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    });
  });
}
