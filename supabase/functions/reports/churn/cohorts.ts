import { createRoute, z } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { definedOnly, Money } from "../../_shared/fields.ts";
import { problems, unwrap } from "../../_shared/problem.ts";
import { guarded, json, permitted } from "../../_shared/route.ts";
import { Currency, Day, head, Range, Share, withMoment } from "./schemas.ts";

const Cohort = z.object({
  cohort: Day.openapi({ description: "The month of the first paid day" }),
  size: z.int(),
  mrr_start: Money,
  ages: z.array(z.object({
    age: z.int().openapi({ description: "Months after each client's own first day" }),
    active: z.int(),
    retention: z.number(),
    mrr: Money,
    revenue_retention: z.number().nullable(),
  })).openapi({ description: "Only ages that every member has reached" }),
});

const Answer = z.object({
  ...head,
  currency: z.string(),
  data: z.array(Cohort),
  all: z.array(z.object({
    age: z.int(),
    cohorts: z.int(),
    size: z.int(),
    retention: Share,
  })).openapi({ description: "All cohorts that have reached an age, weighted by their size" }),
}).openapi("ChurnCohorts");

const route = createRoute({
  method: "get",
  path: "/cohorts",
  operationId: "churnCohorts",
  tags: ["reports"],
  summary: "Retention by the month in which clients joined",
  description:
    "Clients that were there before they were recorded are in no cohort: of those who joined with them " +
    "only the ones that stayed are known. Amounts of a currency without an exchange rate are left out.",
  ...permitted("churn:read"),
  request: { query: Range.extend({ currency: Currency }) },
  responses: { 200: json(Answer, "A row for each month"), ...guarded, ...problems(422) },
});

const Report = Answer.omit({ definitions: true });

const definitions = {
  size: "Clients whose first paid day lies in the month",
  active: "Of these, in paid service at their own first day + age months",
  retention:
    "active / size; all: sum of active / sum of size over the cohorts that have reached the age",
  revenue_retention: "mrr at that day / mrr on the first day",
};

export function churnCohorts(app: App) {
  app.openapi(route, async (c) => {
    const report = Report.parse(unwrap(
      await c.var.db.rpc("churn_cohorts", {
        organization_id: c.var.actor.organizationId,
        options: definedOnly(c.req.valid("query")),
      }),
      "report",
    ));
    return c.json({ ...withMoment(report), definitions }, 200);
  });
}
