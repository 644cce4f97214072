import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { Alert, toAlerts } from "./alerts.ts";
import {
  CampaignFigures,
  campaignFigures,
  Costs,
  Failure,
  failures,
  TextFigures,
  textFigures,
} from "./figures.ts";

const Day = z.iso.date().openapi({ example: "2026-11-21" });
const Count = z.int().openapi({ example: 12 });

const Period = z.object({
  from: Day,
  to: Day,
  texts: TextFigures.openapi({ description: "All outbound messages, of campaigns and others" }),
  campaign_texts: CampaignFigures,
  other_texts: TextFigures.openapi({
    description: "Single messages, batches, messages in conversations",
  }),
  received: Count.openapi({ description: "Inbound messages; with campaign_id: replies to it" }),
  costs: Costs,
  suppressions: z.object({ added: Count, by_source: z.record(z.string(), Count) }).openapi({
    description: "Numbers that were suppressed",
    example: { added: 3, by_source: { reply: 3 } },
  }),
});

const Health = z.object({
  messages: Count,
  delivered: Count,
  failed: Count,
  filtered: Count,
  delivered_rate: z.number().nullable(),
  failed_rate: z.number().nullable(),
  filtered_rate: z.number().nullable(),
});

const NumberFigures = z.object({
  id: Id,
  provider: z.string(),
  number: z.string().openapi({ example: "+12025550143" }),
  label: z.string().nullable(),
  status: z.string().openapi({ example: "active" }),
  status_reason: z.string().nullable(),
  cooldown_until: Timestamp.nullable(),
  cooldown_reason: z.string().nullable(),
  health: Health.openapi({ description: "Campaign messages of the last 24 hours" }),
  texts: CampaignFigures,
});

export const SmsDashboard = z.object({
  time_zone: z.string().openapi({ example: "America/New_York" }),
  period: Period,
  previous: Period.openapi({ description: "As many days before" }),
  days: z.array(z.object({
    date: Day,
    texts: TextFigures,
    campaign_texts: CampaignFigures,
    other_texts: TextFigures,
  })).openapi({ description: "Each day of the period" }),
  failures: z.array(Failure).openapi({ description: "The twenty most frequent reasons" }),
  numbers: z.array(NumberFigures).openapi({ description: "The busiest first, at most 100" }),
  alerts: z.array(Alert).openapi({ description: "Those that are open, newest first" }),
  campaigns: z.record(z.string(), Count).openapi({
    description: "How many there are now, by status",
    example: { running: 1, completed: 12 },
  }),
  conversations: z.object({ open: Count, unread: Count }),
}).openapi("SmsDashboard");

const Sums = z.record(z.string(), z.unknown());
const PeriodSums = z.object({
  texts: Sums,
  campaign_texts: Sums,
  other_texts: Sums,
  received: z.int(),
  costs: Costs,
  suppressions: z.array(z.object({ source: z.string(), added: z.int() })),
});
const Answer = z.object({
  from: Day,
  to: Day,
  previous_from: Day,
  previous_to: Day,
  time_zone: z.string(),
  period: PeriodSums,
  previous: PeriodSums,
  days: z.array(z.object({ date: Day, campaign_texts: Sums, other_texts: Sums })),
  failures: z.unknown(),
  numbers: z.array(NumberFigures.omit({ texts: true }).extend({ texts: Sums.nullable() })),
  alerts: z.unknown(),
  campaigns: z.record(z.string(), z.int()),
  conversations: z.object({ open: z.int(), unread: z.int() }),
});

function toPeriod(from: string, to: string, sums: z.infer<typeof PeriodSums>) {
  return {
    from,
    to,
    texts: textFigures(sums.texts),
    campaign_texts: campaignFigures(sums.campaign_texts),
    other_texts: textFigures(sums.other_texts),
    received: sums.received,
    costs: sums.costs,
    suppressions: {
      added: sums.suppressions.reduce((sum, { added }) => sum + added, 0),
      by_source: Object.fromEntries(sums.suppressions.map(({ source, added }) => [source, added])),
    },
  };
}

/** The sums of two kinds of messages together. */
function together(one: z.infer<typeof Sums>, other: z.infer<typeof Sums>): z.infer<typeof Sums> {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...keys].map((key) => [key, Number(one[key] ?? 0) + Number(other[key] ?? 0)]),
  );
}

/** The dashboard as the API shows it, from the database's counts. */
export function toSmsDashboard(row: unknown): z.infer<typeof SmsDashboard> {
  const answer = Answer.parse(row);
  const { from, to, previous_from, previous_to, time_zone, campaigns, conversations } = answer;
  return {
    time_zone,
    period: toPeriod(from, to, answer.period),
    previous: toPeriod(previous_from, previous_to, answer.previous),
    days: answer.days.map(({ date, campaign_texts, other_texts }) => ({
      date,
      texts: textFigures(together(campaign_texts, other_texts)),
      campaign_texts: campaignFigures(campaign_texts),
      other_texts: textFigures(other_texts),
    })),
    failures: failures(answer.failures),
    numbers: answer.numbers.map((number) => ({
      ...number,
      cooldown_until: isoTime(number.cooldown_until),
      texts: campaignFigures(number.texts ?? {}),
    })),
    alerts: toAlerts(answer.alerts),
    campaigns,
    conversations,
  };
}
