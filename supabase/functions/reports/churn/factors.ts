import { createRoute, z } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { definedOnly, Id } from "../../_shared/fields.ts";
import { problems, unwrap } from "../../_shared/problem.ts";
import { guarded, json, permitted } from "../../_shared/route.ts";
import { Day, Share } from "./schemas.ts";

const Report = z.object({
  scored_on: Day.nullable().openapi({ description: "null: nobody was scored so far" }),
  model_id: Id.nullable(),
  method: z.enum(["rule", "model"]).nullable(),
  confidence: z.enum(["none", "low", "normal"]).nullable(),
  segment: z.string().nullable(),
  data: z.array(z.object({
    theme: z.string().openapi({ example: "contact" }),
    name: z.string().openapi({ example: "Contact" }),
    share: z.number().nullable().openapi({ description: "Of all that raises the risk of clients" }),
    clients: z.int(),
    raised: z.int().openapi({ description: "Clients whose risk it raises" }),
    first: z.int().openapi({ description: "Clients for whom it raises the risk most" }),
    odds_ratios: z.record(z.string(), z.number()).openapi({
      description: "How the odds change with one standard deviation more of each feature",
    }),
    left_with: Share.nullable().openapi({
      description: "Of the training rows whose risk it raises: the share that left",
    }),
    left_without: Share.nullable(),
  })),
});

const Answer = Report.extend({ definitions: z.record(z.string(), z.string()) })
  .openapi("ChurnFactors");

const definitions = {
  share:
    "Sum of what the theme adds to the log-odds of clients whose risk it raises / the same of all themes",
  left_with: "Seen together, which is not a cause",
};

const route = createRoute({
  method: "get",
  path: "/churn-factors",
  operationId: "churnFactors",
  tags: ["reports"],
  summary: "What raises the risk of today's clients",
  description: "Of the last finished scoring. Intervals are Wilson score intervals of 95 %.",
  ...permitted("churn:read"),
  request: { query: z.object({ segment: z.string().max(50).optional() }) },
  responses: { 200: json(Answer, "A row for each theme"), ...guarded, ...problems(422) },
});

export function churnFactors(app: App) {
  app.openapi(route, async (c) => {
    const report = Report.parse(unwrap(
      await c.var.db.rpc("churn_factors", {
        organization_id: c.var.actor.organizationId,
        options: definedOnly(c.req.valid("query")),
      }),
      "report",
    ));
    return c.json({ ...report, definitions }, 200);
  });
}
