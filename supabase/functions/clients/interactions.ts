import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
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

const Type = z.enum(["call", "meeting", "visit", "email", "sms", "note", "other"]);
const Direction = z.enum(["inbound", "outbound"]);
const Sentiment = z.enum(["positive", "neutral", "negative"]);

export const ClientInteraction = z.object({
  id: Id,
  client_id: Id,
  type: Type,
  direction: Direction.nullable(),
  subject: z.string().nullable().openapi({ example: "Renewal" }),
  details: z.string().nullable().openapi({ example: "Asks for a longer term" }),
  outcome: z.string().nullable().openapi({ example: "reached" }),
  sentiment: Sentiment.nullable(),
  occurred_at: Timestamp,
  recorded_at: Timestamp,
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
}).openapi("ClientInteraction");

const Moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()])
  .refine((text) => text >= "1990", "is too long ago");

const Input = z.object({
  type: Type,
  direction: Direction.nullable().optional(),
  subject: z.string().trim().max(200).nullable().optional(),
  details: z.string().max(20_000).nullable().optional(),
  outcome: z.string().trim().min(1).max(100).nullable().optional().openapi({ example: "reached" }),
  sentiment: Sentiment.nullable().optional().openapi({
    description: "How the client felt about it",
  }),
  occurred_at: Moment.optional().openapi({ description: "When it took place; now if left out" }),
  date: Moment.optional().openapi({ description: "ChurnGuard's name of occurred_at" }),
}).openapi("ClientInteractionInput");

const list = createRoute({
  method: "get",
  path: "/{id}/interactions",
  operationId: "listClientInteractions",
  tags: ["clients"],
  summary: "List the interactions with a client",
  description: "Newest first, by the time of logging.",
  ...permitted("clients:read"),
  request: { params: IdParam, query: PageQuery.extend({ type: Type.optional() }) },
  responses: {
    200: json(pageOf(ClientInteraction).openapi("ClientInteractionPage"), "A page of interactions"),
    ...guarded,
    ...problems(404, 422),
  },
});

const create = createRoute({
  method: "post",
  path: "/{id}/interactions",
  operationId: "createClientInteraction",
  tags: ["clients"],
  summary: "Log an interaction with a client",
  description: "Interactions cannot be changed or deleted.",
  ...permitted("clients:write"),
  request: { params: IdParam, headers: IdempotencyHeader, body: jsonBody(Input) },
  responses: {
    201: json(ClientInteraction, "The new interaction"),
    ...guarded,
    ...problems(400, 404, 409, 422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

/** The result of `private.client_interaction_json` as the API's interaction. */
export function toClientInteraction(row: unknown): z.infer<typeof ClientInteraction> {
  const interaction = ClientInteraction.parse(row);
  return {
    ...interaction,
    occurred_at: isoTime(interaction.occurred_at),
    recorded_at: isoTime(interaction.recorded_at),
  };
}

export function clientInteractions(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset, type } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_client_interactions", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
      ...(type && { wanted_type: type }),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "client"));
    return c.json(
      { data: page.rows.map(toClientInteraction), total: page.total, limit, offset },
      200,
    );
  });
  app.openapi(create, async (c) => {
    const { date, occurred_at = date, ...interaction } = c.req.valid("json");
    const answer = await c.var.db.rpc("create_client_interaction", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
      interaction: { ...interaction, ...(occurred_at && { occurred_at }) },
    });
    return c.json(toClientInteraction(unwrap(answer, "interaction")), 201);
  });
}
