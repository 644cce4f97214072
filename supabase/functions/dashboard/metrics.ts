import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { AppEnv } from "../_shared/context.ts";
import { unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Metrics, StageFigures } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/metrics",
  operationId: "getLeadMetrics",
  tags: ["dashboard"],
  summary: "Key figures of leads",
  description: "Of the leads in the caller's scope: own, team or organization. Today is the " +
    "organization's local day. Response times count for the assignee at that time.",
  ...permitted("dashboard:read"),
  responses: { 200: json(Metrics, "The figures"), ...guarded },
});

async function figures(variables: AppEnv["Variables"]): Promise<z.infer<typeof Metrics>> {
  const { db, actor } = variables;
  return Metrics.parse(
    unwrap(await db.rpc("lead_dashboard", { organization_id: actor.organizationId })),
  );
}

export function metrics(app: App) {
  app.openapi(route, async (c) => c.json(await figures(c.var), 200));
}

const distribution = createRoute({
  method: "get",
  path: "/status-distribution",
  operationId: "getStatusDistribution",
  tags: ["dashboard"],
  summary: "Number of leads in each stage",
  description: "by_status of the metrics, with each stage's share of all leads.",
  ...permitted("dashboard:read"),
  responses: {
    200: json(
      z.array(StageFigures.extend({ share: z.number().openapi({ example: 0.25 }) })),
      "Every stage, in pipeline order",
    ),
    ...guarded,
  },
});

export function statusDistribution(app: App) {
  app.openapi(distribution, async (c) => {
    const { total, by_status } = await figures(c.var);
    const share = (count: number) => total === 0 ? 0 : Math.round(count / total * 10_000) / 10_000;
    return c.json(by_status.map((stage) => ({ ...stage, share: share(stage.count) })), 200);
  });
}
