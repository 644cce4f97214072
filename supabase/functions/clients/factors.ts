import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import { line } from "./input.ts";

const Percentage = z.int().min(0).max(100);

const Detail = z.object({
  feature: z.string().openapi({ example: "days_since_contact" }),
  text: z.string().openapi({
    example: "Days since the last interaction: 74 (usual: 21)",
  }),
  points: z.number().nullable().openapi({
    description:
      "What it adds to the log-odds; null: from customers and the caller may not read them",
  }),
  value: z.number().nullable().openapi({
    description: "null: not known, or from customers and the caller may not read them",
  }),
  usual: z.number().nullable(),
});

const Lowering = z.object({
  theme: z.string().openapi({ example: "contact" }),
  name: z.string().openapi({ example: "Contact" }),
  points: z.number(),
  details: z.array(Detail),
  source: z.literal("model"),
});

const Manual = z.object({
  id: Id,
  client_id: Id,
  name: z.string().openapi({ example: "Price" }),
  percentage: Percentage,
  source: z.literal("manual"),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: Timestamp,
}).openapi("ClientFactor");

export const ClientFactors = z.object({
  method: z.enum(["rule", "model"]).nullable(),
  confidence: z.enum(["none", "low", "normal"]).nullable(),
  reason: z.string().openapi({ description: "Why this method, or why there is no score" }),
  model_id: Id.nullable(),
  score: z.number().nullable().openapi({
    description: "The probability of leaving within 90 days in percent, as of now",
  }),
  log_odds: z.number().nullable(),
  mean_log_odds: z.number().nullable().openapi({
    description: "Of the organization's clients: the points are what lies between the two",
  }),
  raising: z.array(Lowering.extend({ percentage: Percentage })).openapi({
    description: "Themes that raise the risk; their percentages add up to 100",
  }),
  lowering: z.array(Lowering),
  manual: z.array(Manual).openapi({ description: "What people have entered, newest first" }),
}).openapi("ClientFactors");

const Input = z.object({
  name: line(200).pipe(z.string().min(1)).openapi({ type: "string", example: "Price" }),
  percentage: Percentage,
}).openapi("ClientFactorInput");

const list = createRoute({
  method: "get",
  path: "/{id}/factors",
  operationId: "getClientFactors",
  tags: ["clients"],
  summary: "What raises and lowers the risk of a client",
  description:
    "Computed now, by the model in use. A factor says what the model weighs, not what causes leaving.",
  ...permitted("clients:read"),
  request: { params: IdParam },
  responses: { 200: json(ClientFactors, "The factors"), ...guarded, ...problems(404, 422) },
});

const create = createRoute({
  method: "post",
  path: "/{id}/factors",
  operationId: "createClientFactor",
  tags: ["clients"],
  summary: "Add what a person says raises the risk",
  ...permitted("clients:write"),
  request: { params: IdParam, headers: IdempotencyHeader, body: jsonBody(Input) },
  responses: { 201: json(Manual, "The factor"), ...guarded, ...problems(400, 404, 409, 422) },
});

const toManual = (row: unknown): z.infer<typeof Manual> => {
  const factor = Manual.parse(row);
  return { ...factor, created_at: isoTime(factor.created_at) };
};

/** The result of `private.client_factors` as the API's. */
export function toFactors(row: unknown): z.infer<typeof ClientFactors> {
  const factors = ClientFactors.parse(row);
  return { ...factors, manual: factors.manual.map(toManual) };
}

export function clientFactors(app: App) {
  app.openapi(list, async (c) => {
    const answer = toFactors(unwrap(
      await c.var.db.rpc("client_factors", {
        organization_id: c.var.actor.organizationId,
        client_id: c.req.valid("param").id,
      }),
      "client",
    ));
    return c.json(answer, 200);
  });
  app.openapi(create, async (c) => {
    const answer = await c.var.db.rpc("create_client_factor", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
      factor: c.req.valid("json"),
    });
    return c.json(toManual(unwrap(answer, "factor")), 201);
  });
}
