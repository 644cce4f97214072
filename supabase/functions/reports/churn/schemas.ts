import { z } from "../../_shared/zod.ts";
import { isoTime, Money, Timestamp } from "../../_shared/fields.ts";

export const Day = z.string().openapi({ format: "date", example: "2026-11-01" });

const DayQuery = z.iso.date().refine((day) => day >= "1900", "is too long ago").optional();

/** The query parameters of every churn report. */
export const Range = z.object({
  from: DayQuery.openapi({
    description:
      "A day of the first period, in the organization's calendar; a year before `to` if left out",
    example: "2026-01-01",
  }),
  to: DayQuery.openapi({
    description: "A day of the last period; today if left out",
    example: "2026-11-30",
  }),
  as_of: z.iso.datetime({ offset: true }).optional().openapi({
    description:
      "The report as it was at that moment: without what was entered later. Takes longer",
    example: "2026-11-01T00:00:00Z",
  }),
  segment: z.string().max(50).optional().openapi({ example: "enterprise" }),
});

export const Currency = z.string().regex(/^[A-Z]{3}$/, "is not a currency code").optional().openapi(
  {
    description: "Only this currency, not converted",
    example: "USD",
  },
);

export const Period = z.enum(["month", "quarter", "year"]).optional().openapi({
  description: "month if left out",
});

/** A share with its Wilson score interval of 95 %. */
export const Share = z.object({
  rate: z.number().openapi({ example: 0.1 }),
  low: z.number().openapi({ example: 0.0552 }),
  high: z.number().openapi({ example: 0.1744 }),
}).openapi("ShareWithInterval");

const counts = {
  clients_start: z.int(),
  new: z.int(),
  reactivated: z.int(),
  churned: z.int(),
  passed_through: z.int().openapi({
    description: "Joined and left within the period: in none of the others",
  }),
  moved: z.int().openapi({
    description: "Came from other segments or currencies, less those that went",
  }),
  clients_end: z.int(),
};

const amounts = {
  mrr_start: Money,
  new_mrr: Money,
  reactivation_mrr: Money,
  expansion: Money,
  contraction: Money,
  churned_mrr: Money,
  moved_mrr: Money,
  mrr_end: Money,
};

/** What changed between two moments, and the rates of it. */
export const figures = {
  ...counts,
  logo_churn: Share.nullable().openapi({ description: "null: nobody was there at the start" }),
  ...amounts,
  grr: z.number().nullable().openapi({ description: "Gross revenue retention", example: 0.95 }),
  nrr: z.number().nullable().openapi({ description: "Net revenue retention", example: 1.05 }),
};

/** What every churn report answers besides its rows. */
export const head = {
  as_of: Timestamp,
  from: Day.nullable(),
  to: Day,
  through: Day.openapi({ description: "The last day that the figures cover" }),
  segment: z.string().nullable(),
  definitions: z.record(z.string(), z.string()).openapi({
    description: "The formula of each figure",
  }),
};

/** The head of a report with its moment as the API writes it. */
export function withMoment<T extends { as_of: string }>(report: T): T {
  return { ...report, as_of: isoTime(report.as_of) };
}

/** The formulas, by the names of the fields. */
export const definitions = {
  clients_start:
    "Clients in paid service when the day before the period has ended; clients_end when its last day has",
  new: "In service at the end, and never before the period",
  reactivated: "In service at the end, not at the start, but before",
  churned:
    "In service at the start, not at the end; a client that comes back within the period has not left",
  clients_end: "clients_start + new + reactivated - churned + moved",
  logo_churn: "churned / clients_start, with the Wilson score interval of 95 %",
  mrr_start:
    "Monthly recurring revenue in force at the start, of all clients that are in service then",
  expansion:
    "Sum of max(0, mrr at the end - mrr at the start) over clients in service at both ends",
  contraction:
    "Sum of max(0, mrr at the start - mrr at the end) over clients in service at both ends",
  churned_mrr: "Sum of the mrr at the start over churned clients",
  mrr_end:
    "mrr_start + new_mrr + reactivation_mrr + expansion - contraction - churned_mrr + moved_mrr",
  grr: "(mrr_start - churned_mrr - contraction) / mrr_start",
  nrr: "(mrr_start - churned_mrr - contraction + expansion) / mrr_start",
  yearly: "1 - (1 - c)^12 for a monthly churn c",
};

/** Churn of a year from that of a month: 3 % a month is 30.6 % a year, not 36 %. */
export function yearlyChurn(monthly: number): number {
  return Math.round((1 - (1 - monthly) ** 12) * 1e6) / 1e6;
}
