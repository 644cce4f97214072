import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Day } from "./schemas.ts";

const Interval = z.object({ rate: z.number(), low: z.number(), high: z.number() });

export const Figures = z.object({
  rows: z.int(),
  clients: z.int(),
  events: z.int().openapi({ description: "Clients that left" }),
  rate: z.number(),
  auc: z.number().nullable(),
  auc_low: z.number().nullable(),
  auc_high: z.number().nullable(),
  brier: z.number(),
  brier_base: z.number().openapi({ description: "Of the rate alone" }),
  log_loss: z.number(),
  log_loss_base: z.number(),
  expected: z.number(),
  observed: z.number(),
  ratio: z.number().nullable().openapi({ description: "expected / observed" }),
  ratio_low: z.number().nullable(),
  ratio_high: z.number().nullable(),
  calibration_intercept: z.number(),
  calibration_slope: z.number(),
  lift_top_tenth: z.number().nullable(),
  recall_top_fifth: z.number().nullable(),
  tenths: z.array(z.object({
    tenth: z.int().openapi({ description: "1: the highest probabilities" }),
    rows: z.int(),
    weight: z.number(),
    predicted: z.number(),
    observed: Interval.nullable(),
  })).openapi({ description: "The calibration and the lift, to be drawn" }),
  segments: z.array(z.object({
    segment: z.string().nullable(),
    rows: z.int(),
    predicted: z.number(),
    observed: Interval.nullable(),
  })),
}).openapi("ChurnModelFigures");

const Model = z.object({
  id: Id,
  number: z.int(),
  method: z.enum(["rule", "model"]),
  confidence: z.enum(["none", "low", "normal"]),
  reason: z.string(),
  accepted: z.boolean(),
  trained_on: Day,
  window_from: Day.nullable(),
  window_to: Day.nullable(),
  horizon_days: z.int(),
  penalty: z.number(),
  intercept: z.number(),
  features: z.array(z.object({
    name: z.string(),
    theme: z.string(),
    place: z.int().optional(),
    level: z.string().optional(),
    transform: z.enum(["log", "none"]),
    mean: z.number().nullable().openapi({
      description: "null: from customers and the caller may not read them",
    }),
    sd: z.number().nullable(),
    coefficient: z.number(),
    prior: z.number().openapi({ description: "The weight in the built-in rule" }),
  })),
  calibration: z.object({ intercept: z.number(), slope: z.number() }).nullable(),
  metrics: z.object({
    model: Figures.nullable().optional(),
    rule: Figures.nullable().optional(),
    active: Figures.nullable().optional().openapi({
      description: "The model that was in use then",
    }),
    themes: z.record(
      z.string(),
      z.object({ with: Interval.nullable(), without: Interval.nullable() }),
    ).optional(),
  }).openapi({ description: "On clients later than those it was learned from" }),
  created_at: Timestamp,
}).openapi("ChurnModel");

const Card = z.object({
  model: Model.nullable().openapi({ description: "In use; null: none yet" }),
  training: z.object({
    requested_at: Timestamp.nullable(),
    phase: z.enum(["requested", "sample", "fit"]),
    last_error: z.string().nullable(),
  }).nullable().openapi({ description: "Under way" }),
  scored_on: Day.nullable(),
  scored_clients: z.int().nullable(),
  scored_at: Timestamp.nullable(),
  bands: z.array(z.object({
    band: z.enum(["low", "moderate", "high", "critical"]),
    from: z.number(),
    to: z.number(),
  })),
  watch: z.object({
    day: Day,
    clients: z.int(),
    expected: z.number(),
    observed: z.int(),
    ratio: z.number().nullable(),
    drifted: z.boolean(),
  }).nullable().openapi({
    description: "Scores whose 90 days have passed: how many should have left, and how many did",
  }),
  history: z.array(z.object({
    id: Id,
    number: z.int(),
    method: z.enum(["rule", "model"]),
    confidence: z.enum(["none", "low", "normal"]),
    accepted: z.boolean(),
    reason: z.string(),
    trained_on: Day,
    auc: z.number().nullable(),
    log_loss: z.number().nullable(),
    ratio: z.number().nullable(),
    created_at: Timestamp,
  })),
}).openapi("ChurnModelCard");

const Queued = z.object({
  status: z.literal("queued"),
  phase: z.string().nullable(),
  requested_at: Timestamp.nullable(),
  score_requested_at: Timestamp.nullable(),
}).openapi("ChurnTrainingRequest");

const card = createRoute({
  method: "get",
  path: "/churn-model",
  operationId: "getChurnModel",
  tags: ["clients"],
  summary: "How the risk of leaving is computed, and how good that is",
  description:
    "The score is the probability that a client gives notice or leaves within 90 days. A model is tested on " +
    "clients later than those it was learned from, and used only if it is not worse than the built-in rule and the " +
    "one before. Records are never changed. `calibration.svg` and `lift.svg` below this path show its figures.",
  ...permitted("churn:read"),
  responses: { 200: json(Card, "The model card"), ...guarded },
});

const train = createRoute({
  method: "post",
  path: "/churn-model/train",
  operationId: "trainChurnModel",
  tags: ["clients"],
  summary: "Learn a new model",
  description:
    "It is done in the background within minutes. One that waits is not asked for twice.",
  ...permitted("churn:configure"),
  responses: { 202: json(Queued, "It is queued"), ...guarded, ...problems(429) },
});

const score = createRoute({
  method: "post",
  path: "/churn-model/score",
  operationId: "scoreClients",
  tags: ["clients"],
  summary: "Compute all scores again with the model in use",
  description: "This is done every night, and after a training.",
  ...permitted("churn:configure"),
  responses: { 202: json(Queued, "It is queued"), ...guarded, ...problems(429) },
});

async function requestTraining(
  db: Client,
  organization_id: string,
  score_only: boolean,
): Promise<z.infer<typeof Queued>> {
  const queued = Queued.parse(unwrap(
    await db.rpc("request_churn_training", { organization_id, score_only }),
    "training",
  ));
  return {
    ...queued,
    requested_at: isoTime(queued.requested_at),
    score_requested_at: isoTime(queued.score_requested_at),
  };
}

/** The model card as the database has it. */
export const readCard = async (db: Client, organization_id: string) =>
  Card.parse(unwrap(await db.rpc("churn_model", { organization_id }), "model"));

export function churnModel(app: App) {
  app.openapi(card, async (c) => {
    const answer = await readCard(c.var.db, c.var.actor.organizationId);
    const { model, training } = answer;
    return c.json({
      ...answer,
      model: model && { ...model, created_at: isoTime(model.created_at) },
      training: training && { ...training, requested_at: isoTime(training.requested_at) },
      scored_at: isoTime(answer.scored_at),
      history: answer.history.map((row) => ({ ...row, created_at: isoTime(row.created_at) })),
    }, 200);
  });
  app.openapi(
    train,
    async (c) => c.json(await requestTraining(c.var.db, c.var.actor.organizationId, false), 202),
  );
  app.openapi(
    score,
    async (c) => c.json(await requestTraining(c.var.db, c.var.actor.organizationId, true), 202),
  );
}
