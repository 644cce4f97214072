import { z } from "../_shared/zod.ts";
import { reasonText } from "./reasons.ts";
import { wilson } from "./statistics.ts";

const Count = z.int().openapi({ example: 12 });

/** Sums as the database returns them; missing ones are 0. */
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
  total: Count.openapi({ description: "All messages that were created" }),
  queued: Count,
  sending: Count,
  sent: Count.openapi({ description: "Accepted by the provider, without a final report so far" }),
  delivered: Count,
  undelivered: Count.openapi({ description: "The carrier reported that it did not arrive" }),
  failed: Count.openapi({ description: "Refused by the provider" }),
  canceled: Count,
  suppressed: Count.openapi({
    description: "Not sent because of an opt-out or another check at the last moment",
  }),
  accepted: Count.openapi({
    description: "Accepted by the provider: sent, delivered, undelivered",
  }),
  segments: Count,
  delivery_rate: Rate.openapi({ description: "Delivered of those with a known outcome" }),
  failure_rate: Rate.openapi({ description: "Failed and undelivered of those" }),
}).openapi("TextFigures");

export const CampaignFigures = TextFigures.extend({
  replies: Count.openapi({
    description: "Messages that were answered within 72 hours by something other than an opt-out",
  }),
  opt_outs: Count.openapi({ description: "Messages that were answered by an opt-out" }),
  answers: Count.openapi({ description: "Replies in total, including opt-outs" }),
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
    description: "Messages without a reported price, at their numbers' segment_price",
  }),
  unpriced_segments: Count.openapi({ description: "Segments without any price" }),
}).openapi("TextCosts");

const FailureRow = z.object({
  status: z.string(),
  error_code: z.string().nullable(),
  texts: Count,
});
export const Failure = FailureRow.extend({
  text: z.string().nullable().openapi({
    description: "What the code means; null for unknown codes",
    example: "The phone was switched off or out of reach.",
  }),
}).openapi("TextFailure");

const share = (cases: number, sample: number): number | null =>
  sample > 0 ? Math.round(cases / sample * 10_000) / 10_000 : null;

/** Messages that arrived as far as is known. A message that was answered has arrived, whatever was reported. */
const arrived = (sums: Sums, answers: number): number =>
  Math.max(sums.sent + sums.delivered, answers);

/** The figures of messages, with their rates. */
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

/** The figures of campaign messages, with their replies. */
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

/** Replies among the messages that could be answered. */
export function replies(row: unknown): { cases: number; sample: number } {
  const sums = Sums.parse(row);
  return { cases: sums.replied, sample: arrived(sums, sums.replied) };
}

/** The reasons of failures, in words. */
export function failures(rows: unknown): z.infer<typeof Failure>[] {
  return z.array(FailureRow).parse(rows)
    .map((row) => ({ ...row, text: reasonText(row.error_code) }));
}
