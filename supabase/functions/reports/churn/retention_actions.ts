import { createRoute, z } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { definedOnly, Id, Money } from "../../_shared/fields.ts";
import { problems, unwrap } from "../../_shared/problem.ts";
import { guarded, json, permitted } from "../../_shared/route.ts";
import { Currency, head, Range, withMoment } from "./schemas.ts";

const Arm = z.object({ retained: z.int(), left: z.int() });

const Answer = z.object({
  ...head,
  currency: z.string().nullable(),
  holdout_share: z.number(),
  data: z.array(z.object({
    play_id: Id,
    key: z.string(),
    title: z.string(),
    enabled: z.boolean(),
    proposed: z.int(),
    waiting: z.int(),
    accepted: z.int(),
    declined: z.int(),
    expired: z.int(),
    done: z.int(),
    not_done: z.int(),
    held_out: z.int().nullable().openapi({
      description: "Clients that were held out and whose 90 days have passed; null: not measured",
    }),
    shown: Arm.nullable().openapi({
      description: "Clients for whom it was shown, 90 days later; null: not measured",
    }),
    not_shown: Arm.nullable().openapi({
      description: "Clients that were held out, 90 days later; null: not measured",
    }),
    measured: z.boolean().openapi({ description: "false: fewer than 100 outcomes in an arm" }),
    effect: z.object({ difference: z.number(), low: z.number(), high: z.number() }).nullable()
      .openapi({ description: "Share that left, shown less held out: negative is good" }),
    saved_mrr: Money.nullable(),
    currency: z.string().nullable().openapi({ description: "null: several, or not measured" }),
  })),
}).openapi("RetentionActions");

const Report = Answer.omit({ definitions: true });

const definitions = {
  effect:
    "Clients for whom the play was shown, whatever was done, against those held out at random; Newcombe's interval of 95 %",
  saved_mrr: "Minus the effect times the revenue of the clients for whom it was shown",
};

const route = createRoute({
  method: "get",
  path: "/retention-actions",
  operationId: "retentionActions",
  tags: ["reports"],
  summary: "What became of recommendations, and what they do",
  description:
    "A small organization will not know for a year: below 100 outcomes in the smaller arm `measured` is false, " +
    "and there is neither an effect nor a number of clients that are held out. `from` and `to` bound the months in " +
    "which a play was proposed, all if left out; `segment` is that on the day of the proposal, for counts by state " +
    "the client's of today. Outcomes are added in groups of at least ten in each arm, so that no figure moves with " +
    "one client. There is no `as_of` of the past.",
  ...permitted("churn:read"),
  request: {
    query: Range.omit({ as_of: true }).extend({
      from: Range.shape.from.openapi({
        description: "A day of the first month; from the beginning if left out",
      }),
      currency: Currency,
    }),
  },
  responses: { 200: json(Answer, "A row for each play"), ...guarded, ...problems(422) },
});

export function retentionActions(app: App) {
  app.openapi(route, async (c) => {
    const report = Report.parse(unwrap(
      await c.var.db.rpc("retention_actions", {
        organization_id: c.var.actor.organizationId,
        options: definedOnly(c.req.valid("query")),
      }),
      "report",
    ));
    return c.json({ ...withMoment(report), definitions }, 200);
  });
}
