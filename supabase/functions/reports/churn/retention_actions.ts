import { createRoute, z } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { Id, Money } from "../../_shared/fields.ts";
import { unwrap } from "../../_shared/problem.ts";
import { guarded, json, permitted } from "../../_shared/route.ts";

const Arm = z.object({ retained: z.int(), left: z.int() });

const Report = z.object({
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
    currency: z.string().nullable(),
  })),
});

const Answer = Report.extend({ definitions: z.record(z.string(), z.string()) })
  .openapi("RetentionActions");

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
    "and there is neither an effect nor a number of clients that are held out.",
  ...permitted("churn:read"),
  responses: { 200: json(Answer, "A row for each play"), ...guarded },
});

export function retentionActions(app: App) {
  app.openapi(route, async (c) => {
    const organization_id = c.var.actor.organizationId;
    const report = Report.parse(
      unwrap(await c.var.db.rpc("retention_actions", { organization_id }), "report"),
    );
    return c.json({ ...report, definitions }, 200);
  });
}
