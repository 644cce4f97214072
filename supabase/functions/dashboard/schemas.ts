import { z } from "../_shared/zod.ts";
import { Id, Money } from "../_shared/fields.ts";

export const Count = z.int().openapi({ example: 12 });

const Rate = z.number().nullable().openapi({
  description: "Between 0 and 1; null when the denominator is 0",
  example: 0.8333,
});
const Minutes = z.int().nullable().openapi({
  description: "Whole working minutes; null without responses",
  example: 14,
});

export const SlaFigures = z.object({
  met: Count.openapi({ description: "Responses in time" }),
  breached: Count.openapi({ description: "Deadlines that passed without a response" }),
  met_rate: Rate.openapi({ description: "met / (met + breached)" }),
  responses: Count.openapi({
    description: "All responses, including late ones: the basis of the percentiles",
  }),
  median_response_minutes: Minutes,
  p90_response_minutes: Minutes,
}).openapi("SlaFigures");

export const StageFigures = z.object({
  status: z.string().openapi({ example: "contacted" }),
  label: z.string().openapi({ example: "Contacted" }),
  outcome: z.enum(["won", "lost"]).nullable(),
  count: Count,
  value: Money,
});

export const Metrics = z.object({
  total: Count,
  open: Count,
  won: Count,
  lost: Count,
  new_today: Count,
  unassigned: Count.openapi({ description: "Open leads without an assignee" }),
  due_soon: Count.openapi({ description: "Leads whose response is due soon" }),
  breached: Count.openapi({ description: "Leads whose last response clock was breached" }),
  conversion_rate: Rate.openapi({ description: "won / total" }),
  value: z.object({ total: Money, open: Money, won: Money, lost: Money }),
  sla: SlaFigures,
  by_status: z.array(StageFigures).openapi({ description: "Every stage, in pipeline order" }),
  by_source: z.array(
    z.object({ source: z.string().openapi({ example: "website" }), count: Count }),
  ),
}).openapi("LeadMetrics");

export const AssigneeFigures = z.object({
  user_id: Id,
  full_name: z.string().nullable(),
  status: z.enum(["active", "suspended"]).nullable().openapi({
    description: "Of the membership; null: no longer a member",
  }),
  open: Count,
  due_soon: Count,
  breached: Count,
  converted: Count.openapi({ description: "Leads that were won" }),
}).openapi("AssigneeFigures");

export const SlaPerformance = SlaFigures.extend({
  by_assignee: z.array(
    SlaFigures.extend({ user_id: Id, full_name: z.string().nullable() }),
  ).openapi({ description: "By the assignee at that time, not the present one" }),
}).openapi("SlaPerformance");
