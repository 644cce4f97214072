import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { etag } from "../_shared/version.ts";
import { ClientFactors, toFactors } from "./factors.ts";
import { IncidentPredictions } from "./incident_predictions.ts";
import { ClientInteraction, toClientInteraction } from "./interactions.ts";
import { ClientIssue, toClientIssue } from "./issues.ts";
import { Links } from "./links.ts";
import { Movement, toMovement } from "./movements.ts";
import { Recommendation, toRecommendation } from "./recommendations.ts";
import { Client, Contact, Day, reasons, toClient } from "./schemas.ts";

const Spell = z.object({
  starts_on: Day,
  ends_on: Day.nullable().openapi({ description: "The first day without service" }),
  reason: z.enum(reasons).nullable(),
  voluntary: z.boolean().nullable(),
}).openapi("ClientSpell");

const Score = z.object({
  day: Day,
  score: z.number().nullable().openapi({ description: "null: from then on it was not scored" }),
  band: z.string().nullable(),
  model_id: Id,
});

const Detail = z.object({
  client: Client,
  contacts: z.array(Contact),
  interactions: z.array(ClientInteraction).openapi({ description: "The latest 20" }),
  issues: z.array(ClientIssue).openapi({ description: "Open ones first, at most 20" }),
  spells: z.array(Spell),
  movements: z.array(Movement).openapi({ description: "The latest 20 that count" }),
  links: Links,
  factors: ClientFactors,
  incident_predictions: IncidentPredictions,
  recommendations: z.array(Recommendation).openapi({ description: "Open ones first, at most 20" }),
  score_history: z.array(Score).openapi({ description: "The latest 52 changes, newest first" }),
}).openapi("ClientDetail");

const getRoute = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getClient",
  tags: ["clients"],
  summary: "One client",
  ...permitted("clients:read"),
  request: { params: IdParam },
  responses: { 200: json(Client, "The client"), ...guarded, ...problems(404, 422) },
});

const detailRoute = createRoute({
  method: "get",
  path: "/{id}/detail",
  operationId: "getClientDetail",
  tags: ["clients"],
  summary: "A client with everything that one looks at before a call",
  ...permitted("clients:read"),
  request: { params: IdParam },
  responses: {
    200: json(Detail, "The client and what belongs to it"),
    ...guarded,
    ...problems(404, 422),
  },
});

const Answer = z.object({
  client: z.unknown(),
  interactions: z.array(z.unknown()),
  issues: z.array(z.unknown()),
  spells: z.array(Spell),
  movements: z.array(z.unknown()),
  links: Links,
  factors: z.unknown(),
  incident_predictions: IncidentPredictions,
  recommendations: z.array(z.unknown()),
  score_history: z.array(Score),
});

export function getClient(app: App) {
  app.openapi(getRoute, async (c) => {
    const answer = await c.var.db.rpc("get_client", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
    });
    const client = toClient(unwrap(answer, "client"));
    c.header("etag", etag(client));
    return c.json(client, 200);
  });
  app.openapi(detailRoute, async (c) => {
    const answer = Answer.parse(unwrap(
      await c.var.db.rpc("client_detail", {
        organization_id: c.var.actor.organizationId,
        client_id: c.req.valid("param").id,
      }),
      "client",
    ));
    const client = toClient(answer.client);
    c.header("etag", etag(client));
    return c.json({
      client,
      contacts: client.contacts,
      interactions: answer.interactions.map(toClientInteraction),
      issues: answer.issues.map(toClientIssue),
      spells: answer.spells,
      movements: answer.movements.map(toMovement),
      links: answer.links,
      factors: toFactors(answer.factors),
      incident_predictions: answer.incident_predictions,
      recommendations: answer.recommendations.map(toRecommendation),
      score_history: answer.score_history,
    }, 200);
  });
}
