import { createRoute, z } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { definedOnly } from "../../_shared/fields.ts";
import { problems, unwrap } from "../../_shared/problem.ts";
import { guarded, json, permitted } from "../../_shared/route.ts";
import { head, Range, withMoment } from "./schemas.ts";

const bound = z.number().nullable();

/** A survival curve in a few numbers. */
export const SurvivalSummary = z.object({
  median_months: z.int().nullable().openapi({
    description: "The first month by whose end half have left; null: not yet",
  }),
  at_months: z.record(
    z.string(),
    z.object({ survival: z.number(), low: bound, high: bound }).nullable(),
  ).nullable().openapi({
    description: "After 3, 6 and 12 months; null: nobody has been seen so long",
  }),
}).openapi("SurvivalSummary");

const Answer = z.object({
  ...head,
  spells: z.int(),
  late_entries: z.int().openapi({
    description: "Spells that had begun before they were recorded; they count from then on",
  }),
  ...SurvivalSummary.shape,
  data: z.array(z.object({
    month: z.int().openapi({
      description: "Of service; 1 is the calendar month in which it began",
    }),
    at_risk: z.int(),
    churned: z.int(),
    survival: z.number(),
    low: bound,
    high: bound,
  })),
}).openapi("ChurnSurvival");

const route = createRoute({
  method: "get",
  path: "/survival",
  operationId: "churnSurvival",
  tags: ["reports"],
  summary: "How long clients stay: the Kaplan-Meier curve",
  description:
    "`from` and `to` bound the months in which spells of service began. Who is still a client counts as " +
    "far as seen. Whole calendar months: what began or ended in the running one is seen as at the end of the last.",
  ...permitted("churn:read"),
  request: { query: Range },
  responses: {
    200: json(Answer, "A row for each month in which somebody left"),
    ...guarded,
    ...problems(422),
  },
});

const Report = Answer.omit({ definitions: true });

const definitions = {
  survival:
    "Kaplan-Meier: the product of 1 - churned / at_risk over the months so far, with delayed entry",
  low: "Log-log interval of 95 % with Greenwood's variance; null where nobody or everybody is left",
  median_months: "The first month with survival <= 0.5",
};

export function churnSurvival(app: App) {
  app.openapi(route, async (c) => {
    const report = Report.parse(unwrap(
      await c.var.db.rpc("churn_survival", {
        organization_id: c.var.actor.organizationId,
        options: definedOnly(c.req.valid("query")),
      }),
      "report",
    ));
    return c.json({ ...withMoment(report), definitions }, 200);
  });
}
