import { z } from "../_shared/zod.ts";
import { reasonText } from "./reasons.ts";
import { wilson } from "./statistics.ts";

const Count = z.int().openapi({ example: 12 });

/** Sums as the database gives them; nothing at all is nothing of each. */
const Sums = z.object({
  total: z.int().default(0),
  queued: z.int().default(0),
  sending: z.int().default(0),
  sent: z.int().default(0),
  delivered: z.int().default(0),
  undelivered: z.int().default(0),
  failed: z.int().default(0),
  canceled: z.int().default(0),
  suppressed: z.int().default(0),
  segments: z.int().default(0),
  replied: z.int().default(0),
  opted_out: z.int().default(0),
  answers: z.int().default(0),
});
type Sums = z.infer<typeof Sums>;

const Rate = z.number().nullable().openapi({
  description: "Between 0 and 1; null when there is nothing to divide by",
  example: 0.9731,
});

export const TextFigures = z.object({
  total: Count.openapi({ description: "All texts that were made" }),
  queued: Count,
  sending: Count,
  sent: Count.openapi({ description: "Taken by the provider, without a final report so far" }),
  delivered: Count,
  undelivered: Count.openapi({ description: "The carrier reported that it did not arrive" }),
  failed: Count.openapi({ description: "Refused by the provider" }),
  canceled: Count,
  suppressed: Count.openapi({ description: "Forbidden at the last moment, by an opt-out say" }),
  accepted: Count.openapi({ description: "Taken by the provider: sent, delivered, undelivered" }),
  segments: Count,
  delivery_rate: Rate.openapi({ description: "Delivered of those whose outcome is known" }),
  failure_rate: Rate.openapi({ description: "Failed and undelivered of those" }),
}).openapi("TextFigures");

export const CampaignFigures = TextFigures.extend({
  replies: Count.openapi({
    description: "Texts that were answered within 72 hours by something else than an opt-out",
  }),
  opt_outs: Count.openapi({ description: "Texts that were answered by an opt-out" }),
  answers: Count.openapi({ description: "Texts that came back in all, opt-outs among them" }),
  reply_rate: Rate.openapi({ description: "Replies of sent and delivered" }),
  opt_out_rate: Rate.openapi({ description: "Opt-outs of sent and delivered" }),
}).openapi("CampaignTextFigures");

const Interval = z.object({
  rate: z.number().openapi({ example: 0.0811 }),
  low: z.number().openapi({ example: 0.0623 }),
  high: z.number().openapi({ example: 0.105 }),
}).nullable().openapi("RateInterval", {
  description: "A share and its 95 % confidence interval (Wilson score)",
});

export const Intervals = z.object({ delivery: Interval, reply: Interval, opt_out: Interval });

export const Costs = z.object({
  reported: z.array(z.object({ currency: z.string(), amount: z.string() })).openapi({
    description: "What the provider charged, by currency",
    example: [{ currency: "USD", amount: "7.90000" }],
  }),
  estimated: z.object({ currency: z.string(), amount: z.string() }).nullable().openapi({
    description: "Texts without a price so far, at their numbers' segment_price",
  }),
  unpriced_segments: Count.openapi({ description: "Segments that nothing prices" }),
}).openapi("TextCosts");

const FailureRow = z.object({
  status: z.string(),
  error_code: z.string().nullable(),
  texts: Count,
});
export const Failure = FailureRow.extend({
  text: z.string().nullable().openapi({
    description: "What it means; null for codes without words here",
    example: "The phone was switched off or out of reach.",
  }),
}).openapi("TextFailure");

const share = (cases: number, sample: number): number | null =>
  sample > 0 ? Math.round(cases / sample * 10_000) / 10_000 : null;

/** What is known to have arrived, or not known not to have. Who answered a text has got it, whatever was reported. */
const arrived = (sums: Sums, answers: number): number =>
  Math.max(sums.sent + sums.delivered, answers);

/** The figures of texts, with their rates. */
export function textFigures(row: unknown): z.infer<typeof TextFigures> {
  const { replied: _replied, opted_out: _out, answers: _in, ...sums } = Sums.parse(row);
  const lost = sums.undelivered + sums.failed;
  return {
    ...sums,
    accepted: sums.sent + sums.delivered + sums.undelivered,
    delivery_rate: share(sums.delivered, sums.delivered + lost),
    failure_rate: share(lost, sums.delivered + lost),
  };
}

/** The figures of campaigns' texts, with what came back. */
export function campaignFigures(row: unknown): z.infer<typeof CampaignFigures> {
  const sums = Sums.parse(row);
  return {
    ...textFigures(row),
    replies: sums.replied,
    opt_outs: sums.opted_out,
    answers: sums.answers,
    reply_rate: share(sums.replied, arrived(sums, sums.replied)),
    opt_out_rate: share(sums.opted_out, arrived(sums, sums.opted_out)),
  };
}

/** The confidence intervals of the rates. */
export function intervals(row: unknown): z.infer<typeof Intervals> {
  const sums = Sums.parse(row);
  const known = sums.delivered + sums.undelivered + sums.failed;
  return {
    delivery: wilson(sums.delivered, known),
    reply: wilson(sums.replied, arrived(sums, sums.replied)),
    opt_out: wilson(sums.opted_out, arrived(sums, sums.opted_out)),
  };
}

/** Replies among the texts that could be replied to. */
export function replies(row: unknown): { cases: number; sample: number } {
  const sums = Sums.parse(row);
  return { cases: sums.replied, sample: arrived(sums, sums.replied) };
}

/** The reasons of failures, in words. */
export function failures(rows: unknown): z.infer<typeof Failure>[] {
  return z.array(FailureRow).parse(rows)
    .map((row) => ({ ...row, text: reasonText(row.error_code) }));
}
