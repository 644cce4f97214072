import { createRoute, z } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { definedOnly } from "../../_shared/fields.ts";
import { problems, unwrap } from "../../_shared/problem.ts";
import { guarded, json, permitted } from "../../_shared/route.ts";
import { Currency, definitions, figures, head, Period, Range, withMoment } from "./schemas.ts";
import { SurvivalSummary } from "./survival.ts";

const Total = z.object({
  currency: z.string().openapi({ example: "GHS" }),
  too_few: z.boolean().openapi({
    description: "Never ten clients at the start of a period: no rates",
  }),
  ...figures,
  survival: SurvivalSummary.nullable(),
});

const Answer = z.object({
  ...head,
  period: z.enum(["month", "quarter", "year"]),
  currency: z.string(),
  data: z.array(Total.extend({
    segment: z.string(),
    label: z.string().nullable(),
    now: z.record(z.string(), z.int()).nullable().openapi({
      description: "Clients by status, now",
    }),
    bands: z.record(z.string(), z.int()).nullable().openapi({
      description: "Clients by band of the risk, as last scored",
    }),
  })),
  total: z.array(Total).openapi({ description: "All segments together, by currency" }),
}).openapi("ChurnBySegment");

const route = createRoute({
  method: "get",
  path: "/churn-by-segment",
  operationId: "churnBySegment",
  tags: ["reports"],
  summary: "Churn of each segment over a range, and how long its clients stay",
  description:
    "`clients_start` and `mrr_start` are those of the first period; what changed is added up. A rate is " +
    "of all clients that were there at the starts of the periods that are over: the mean of the months, weighted by size. " +
    "Survival is of all spells ever, by the segment at their start.",
  ...permitted("churn:read"),
  request: { query: Range.extend({ period: Period, currency: Currency }) },
  responses: { 200: json(Answer, "A row for each segment"), ...guarded, ...problems(422) },
});

const Report = Answer.omit({ definitions: true });

export function churnBySegment(app: App) {
  app.openapi(route, async (c) => {
    const report = Report.parse(unwrap(
      await c.var.db.rpc("churn_by_segment", {
        organization_id: c.var.actor.organizationId,
        options: definedOnly(c.req.valid("query")),
      }),
      "report",
    ));
    return c.json({
      ...withMoment(report),
      definitions: {
        ...definitions,
        logo_churn:
          "Sum of churned / sum of clients_start over the periods that are over, with the Wilson score interval of 95 %",
      },
    }, 200);
  });
}
