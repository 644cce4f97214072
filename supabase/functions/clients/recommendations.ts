import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Money, Timestamp } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
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
import { Day } from "./schemas.ts";

export const Recommendation = z.object({
  id: Id,
  client_id: Id,
  play_id: Id.nullable().openapi({ description: "null: a person recommends it" }),
  play_key: z.string().nullable(),
  channel: z.enum(["call", "task", "note", "text", "offer"]).nullable(),
  title: z.string().openapi({ example: "Call the client" }),
  details: z.string(),
  state: z.enum(["proposed", "accepted", "declined", "expired", "done", "not_done"]),
  impact: z.int().openapi({
    description: "By how many percentage points it lowers the risk, as measured; 0 before",
  }),
  measured: z.boolean().openapi({ description: "Whether there are outcomes enough to say so" }),
  score: z.number().nullable().openapi({ description: "When it was proposed" }),
  mrr: Money,
  currency: z.string(),
  proposed_on: Day,
  expires_on: Day,
  note: z.string().nullable(),
  decided_by: Id.nullable(),
  decided_by_name: z.string().nullable(),
  decided_at: Timestamp.nullable(),
  finished_by: Id.nullable(),
  finished_by_name: z.string().nullable(),
  finished_at: Timestamp.nullable(),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("ClientRecommendation");

const Input = z.object({
  title: line(200).pipe(z.string().min(1)).openapi({
    type: "string",
    example: "Invite to the fair",
  }),
  details: z.string().trim().max(2_000).optional(),
}).openapi("ClientRecommendationInput");

const Decision = z.object({
  state: z.enum(["accepted", "declined", "done", "not_done"]),
  note: z.string().trim().max(1_000).optional(),
}).openapi("ClientRecommendationDecision");

const Params = z.object({
  id: z.uuid().openapi({ param: { name: "id", in: "path" } }),
  recommendation_id: z.uuid().openapi({ param: { name: "recommendation_id", in: "path" } }),
});

const list = createRoute({
  method: "get",
  path: "/{id}/recommendations",
  operationId: "listClientRecommendations",
  tags: ["clients"],
  summary: "What is recommended for a client",
  description: "Open ones first, what is most worth it before the rest.",
  ...permitted("clients:read"),
  request: { params: IdParam, query: PageQuery },
  responses: {
    200: json(pageOf(Recommendation).openapi("ClientRecommendationPage"), "A page"),
    ...guarded,
    ...problems(404, 422),
  },
});

const create = createRoute({
  method: "post",
  path: "/{id}/recommendations",
  operationId: "createClientRecommendation",
  tags: ["clients"],
  summary: "Recommend something for a client",
  ...permitted("recommendations:decide"),
  request: { params: IdParam, headers: IdempotencyHeader, body: jsonBody(Input) },
  responses: {
    201: json(Recommendation, "The recommendation"),
    ...guarded,
    ...problems(400, 404, 409, 422),
  },
});

const decide = createRoute({
  method: "patch",
  path: "/{id}/recommendations/{recommendation_id}",
  operationId: "decideClientRecommendation",
  tags: ["clients"],
  summary: "Accept, decline or finish what is recommended",
  description:
    "proposed becomes accepted or declined, accepted becomes done or not_done; anything else is 409 `wrong_state`.",
  ...permitted("recommendations:decide"),
  request: { params: Params, body: jsonBody(Decision) },
  responses: {
    200: json(Recommendation, "The recommendation"),
    ...guarded,
    ...problems(400, 404, 409, 422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

/** The result of `private.recommendation_json` as the API's. */
export function toRecommendation(row: unknown): z.infer<typeof Recommendation> {
  const recommendation = Recommendation.parse(row);
  return {
    ...recommendation,
    decided_at: isoTime(recommendation.decided_at),
    finished_at: isoTime(recommendation.finished_at),
    created_at: isoTime(recommendation.created_at),
    updated_at: isoTime(recommendation.updated_at),
  };
}

export function clientRecommendations(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_recommendations", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "client"));
    return c.json({ data: page.rows.map(toRecommendation), total: page.total, limit, offset }, 200);
  });
  app.openapi(create, async (c) => {
    const answer = await c.var.db.rpc("create_recommendation", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
      recommendation: c.req.valid("json"),
    });
    return c.json(toRecommendation(unwrap(answer, "recommendation")), 201);
  });
  app.openapi(decide, async (c) => {
    const { id, recommendation_id } = c.req.valid("param");
    const answer = await c.var.db.rpc("decide_recommendation", {
      organization_id: c.var.actor.organizationId,
      client_id: id,
      recommendation_id,
      decision: c.req.valid("json"),
    });
    return c.json(toRecommendation(unwrap(answer, "recommendation")), 200);
  });
}
