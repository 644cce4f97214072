import { createRoute, z } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { definedOnly, Money } from "../../_shared/fields.ts";
import { problems, unwrap } from "../../_shared/problem.ts";
import { guarded, json, permitted } from "../../_shared/route.ts";
import {
  Currency,
  Day,
  definitions,
  figures,
  head,
  Period,
  Range,
  withMoment,
  yearlyChurn,
} from "./schemas.ts";

const Row = z.object({
  period: Day.openapi({ description: "Its first day" }),
  currency: z.string().openapi({ example: "GHS" }),
  partial: z.boolean().openapi({ description: "The period is still running" }),
  ...figures,
  movements: z.record(z.string(), z.object({ movements: z.int(), amount: Money })).openapi({
    description: "All that moved within the period by kind, also what cancels out by its end",
  }),
  at_risk_clients: z.int().nullable().openapi({
    description: "In the two highest bands when the period ended; null: there were no scores",
  }),
  at_risk_mrr: Money.nullable(),
  expected_loss: Money.nullable().openapi({
    description: "Sum of the probability of leaving within 90 days times mrr, over all clients",
  }),
  changed: z.boolean().optional().openapi({
    description: "Something was entered after changed_since",
  }),
});

const Answer = z.object({
  ...head,
  period: z.enum(["month", "quarter", "year"]),
  currency: z.string(),
  data: z.array(Row.extend({
    yearly: z.number().nullable().openapi({
      description: "A month's churn as that of a year; null for the running month",
    }),
  })),
}).openapi("ChurnTrends");

const route = createRoute({
  method: "get",
  path: "/churn-trends",
  operationId: "churnTrends",
  tags: ["reports"],
  summary: "Clients and revenue at both ends of each period, and what changed",
  description:
    "Amounts of a currency that has an exchange rate are in the organization's, both ends at the rate of " +
    "the period's first day; those of another have rows of their own. The running period is `partial`.",
  ...permitted("churn:read"),
  request: {
    query: Range.extend({
      period: Period,
      currency: Currency,
      changed_since: z.iso.datetime({ offset: true }).optional().openapi({
        description:
          "Marks periods that may have changed since: from the first on of which something was entered",
      }),
    }),
  },
  responses: { 200: json(Answer, "A row for each period"), ...guarded, ...problems(422) },
});

const Report = Answer.omit({ definitions: true }).extend({ data: z.array(Row) });

export function churnTrends(app: App) {
  app.openapi(route, async (c) => {
    const report = Report.parse(unwrap(
      await c.var.db.rpc("churn_trends", {
        organization_id: c.var.actor.organizationId,
        options: definedOnly(c.req.valid("query")),
      }),
      "report",
    ));
    const data = report.data.map((row) => ({
      ...row,
      yearly: report.period === "month" && !row.partial && row.logo_churn
        ? yearlyChurn(row.logo_churn.rate)
        : null,
    }));
    return c.json({ ...withMoment(report), data, definitions }, 200);
  });
}
