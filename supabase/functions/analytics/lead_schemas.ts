import { z } from "../_shared/zod.ts";
import { Id, Money, Timestamp } from "../_shared/fields.ts";

const Count = z.int().openapi({ example: 12 });
const Day = z.iso.date().openapi({ example: "2026-11-21" });
const Rate = z.number().nullable().openapi({
  description: "Between 0 and 1; null when there is nothing to divide by",
  example: 0.25,
});

/** The days of a period, in the organization's time zone. */
export const Period = z.object({
  date_from: Day.optional().openapi({ description: "The first day; 30 days when left out" }),
  date_to: Day.optional().openapi({ description: "The last day (today); at most 732 days in all" }),
});

export const Source = z.string().trim().min(1).max(100).openapi({ example: "website" });

const Figures = z.object({
  date_from: Day,
  date_to: Day,
  total_leads: Count.openapi({ description: "Leads that were created in the period" }),
  enrollments: Count.openapi({ description: "Those of them that are won now" }),
  lost: Count.openapi({ description: "Those of them that are lost now" }),
  active_pipeline: Count.openapi({ description: "Those of them that are open now" }),
  conversion_rate: Rate.openapi({ description: "enrollments / total_leads" }),
  values: z.array(z.object({ currency: z.string(), total: Money, won: Money, open: Money }))
    .openapi({ description: "The value of these leads, by currency" }),
});

export const Kpis = Figures.extend({
  time_zone: z.string().openapi({ example: "Africa/Accra" }),
  partial: z.boolean().openapi({ description: "The period has not ended yet" }),
  previous: Figures.openapi({ description: "The same number of days before" }),
}).openapi("LeadKpis");

export const VolumePoint = z.object({
  date: Day.openapi({ description: "The first day of the day, week or month" }),
  count: Count.openapi({ description: "Leads that were created in it" }),
  enrolled: Count.openapi({ description: "Those of them that are won now" }),
  partial: z.boolean().openapi({
    description: "The period has only a part of it, or it has not ended",
  }),
}).openapi("LeadVolumePoint");

export const FunnelStage = z.object({
  stage: z.string().openapi({ example: "contacted" }),
  label: z.string().openapi({ example: "Contacted" }),
  outcome: z.enum(["won"]).nullable(),
  count: Count.openapi({ description: "Leads that have reached the stage or a later one" }),
  percentage: z.number().nullable().openapi({
    description: "Of all leads of the period, 0 to 100; null without leads",
    example: 62.5,
  }),
  drop_off_rate: Rate.openapi({
    description: "The share of `count` that has not reached the next stage; null for the last",
  }),
}).openapi("FunnelStage");

export const SourceFigures = z.object({
  source: z.string().openapi({ example: "website" }),
  total_leads: Count,
  enrolled: Count,
  lost: Count,
  conversion_rate: Rate.openapi({ description: "enrolled / total_leads" }),
}).openapi("SourceConversion");

export const CounselorFigures = z.object({
  user_id: Id,
  full_name: z.string().nullable(),
  total_leads: Count.openapi({
    description: "Leads that were created in the period and that the person holds now",
  }),
  enrolled: Count,
  lost: Count,
  open: Count,
  conversion_rate: Rate.openapi({ description: "enrolled / total_leads" }),
  interactions: Count.nullable().openapi({
    description:
      "Interactions that the person recorded and that took place in the period, with any " +
      "lead; null for people outside the caller's scope who hold leads in it",
  }),
}).openapi("CounselorPerformance");

export const LeadAlert = z.object({
  type: z.string().openapi({ example: "lead_overdue" }),
  severity: z.enum(["critical", "warning", "info"]),
  title: z.string(),
  description: z.string(),
  link: z.string().openapi({ description: "A path of the frontend", example: "/leads/0199aa5c" }),
  created_at: Timestamp.nullable().openapi({
    description: "When it began; null for what has no moment",
  }),
}).openapi("LeadAlert");
