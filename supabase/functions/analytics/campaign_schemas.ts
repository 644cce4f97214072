import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { Alert, toAlerts } from "./alerts.ts";
import {
  CampaignFigures,
  campaignFigures,
  Costs,
  Failure,
  failures,
  Intervals,
  intervals,
  replies,
} from "./figures.ts";
import { exclusionText } from "./reasons.ts";
import { significantlyHigher } from "./statistics.ts";

const Head = z.object({
  id: Id,
  name: z.string(),
  status: z.string(),
  status_reason: z.string().nullable(),
  started_at: Timestamp.nullable(),
  finished_at: Timestamp.nullable(),
});

const Variant = CampaignFigures.extend({
  variant_id: Id.openapi({ description: "A variant of the template, or the template itself" }),
  template_id: Id.nullable(),
  template_name: z.string().nullable(),
  label: z.string().nullable().openapi({ description: "null: the template's own body" }),
  intervals: Intervals,
  replied_more_than: z.array(Id).openapi({
    description: "Variants whose reply rate is significantly lower: two-proportion z-test, 5 % " +
      "for all comparisons together (Bonferroni), nothing where an expected count is below 5",
  }),
});

const NumberFigures = CampaignFigures.extend({
  phone_number_id: Id,
  number: z.string().nullable(),
  label: z.string().nullable(),
  intervals: Intervals,
});

const HourFigures = CampaignFigures.extend({
  hour: z.string().openapi({
    description: "The hour in which the messages were created, in the organization's time zone",
    example: "2026-11-21T09:00",
  }),
});

export const CampaignAnalytics = z.object({
  campaign: Head,
  time_zone: z.string().openapi({ example: "America/New_York" }),
  targets: z.object({
    total: z.int(),
    pending: z.int(),
    sent: z.int(),
    excluded: z.int(),
    canceled: z.int(),
  }),
  excluded: z.array(
    z.object({ reason: z.string().nullable(), text: z.string().nullable(), targets: z.int() }),
  ),
  texts: CampaignFigures.extend({ intervals: Intervals }),
  failures: z.array(Failure).openapi({ description: "The most frequent first" }),
  costs: Costs,
  duration_seconds: z.int().nullable().openapi({ description: "From its start to its end or now" }),
  texts_per_minute: z.number().nullable().openapi({
    description: "Accepted messages over the quarter hours in which there were any",
  }),
  variants: z.array(Variant),
  numbers: z.array(NumberFigures),
  hours: z.array(HourFigures),
  alerts: z.array(Alert).openapi({ description: "Newest first, at most 100" }),
}).openapi("CampaignAnalytics");

const Row = z.record(z.string(), z.unknown());
const Answer = z.object({
  campaign: Head,
  time_zone: z.string(),
  seconds: z.number().nullable(),
  sending_seconds: z.number(),
  targets: z.array(
    z.object({ status: z.string(), reason: z.string().nullable(), targets: z.int() }),
  ),
  texts: Row,
  variants: z.array(Row),
  numbers: z.array(Row),
  hours: z.array(Row),
  failures: z.unknown(),
  costs: Costs,
  alerts: z.unknown(),
});
type Answer = z.infer<typeof Answer>;

function targetsOf({ targets }: Answer): z.infer<typeof CampaignAnalytics>["targets"] {
  const count = (status?: string) =>
    targets.filter((row) => status === undefined || row.status === status)
      .reduce((sum, row) => sum + row.targets, 0);
  return {
    total: count(),
    pending: count("pending"),
    sent: count("sent"),
    excluded: count("excluded"),
    canceled: count("canceled"),
  };
}

function variantsOf(rows: z.infer<typeof Row>[]): z.infer<typeof Variant>[] {
  const Named = Variant.pick({ template_id: true, template_name: true, label: true })
    .extend({ variant_id: z.string() });
  const names = rows.map((row) => Named.parse(row));
  const higher = significantlyHigher(rows.map(replies));
  return rows.map((row, place) => ({
    ...Named.parse(row),
    ...campaignFigures(row),
    intervals: intervals(row),
    replied_more_than: (higher[place] ?? []).flatMap((other) => names[other]?.variant_id ?? []),
  }));
}

function numberOf(row: z.infer<typeof Row>): z.infer<typeof NumberFigures> {
  const { account_id, ...names } = z.object({
    account_id: z.string(),
    number: z.string().nullable(),
    label: z.string().nullable(),
  }).parse(row);
  return {
    phone_number_id: account_id,
    ...names,
    ...campaignFigures(row),
    intervals: intervals(row),
  };
}

/** A campaign's analytics as the API shows them, from the database's counts. */
export function toCampaignAnalytics(row: unknown): z.infer<typeof CampaignAnalytics> {
  const answer = Answer.parse(row);
  const texts = campaignFigures(answer.texts);
  const { campaign, seconds } = answer;
  const minutes = Math.min(seconds ?? 0, answer.sending_seconds) / 60;
  return {
    campaign: {
      ...campaign,
      started_at: isoTime(campaign.started_at),
      finished_at: isoTime(campaign.finished_at),
    },
    time_zone: answer.time_zone,
    targets: targetsOf(answer),
    excluded: answer.targets.filter(({ status }) => status === "excluded")
      .map(({ reason, targets }) => ({ reason, text: exclusionText(reason), targets })),
    texts: { ...texts, intervals: intervals(answer.texts) },
    failures: failures(answer.failures),
    costs: answer.costs,
    duration_seconds: seconds === null ? null : Math.round(seconds),
    texts_per_minute: minutes > 0 ? Math.round(texts.accepted / minutes * 10) / 10 : null,
    variants: variantsOf(answer.variants),
    numbers: answer.numbers.map(numberOf),
    hours: answer.hours.map((hour) => ({
      hour: z.string().parse(hour["hour"]).slice(0, 16),
      ...campaignFigures(hour),
    })),
    alerts: toAlerts(answer.alerts),
  };
}
