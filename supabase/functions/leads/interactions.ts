import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { isMultiline, isPlain, multilineMessage, plainMessage } from "../_shared/plain_text.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";

const Type = z.enum(["call", "note", "meeting", "email", "sms"]);
const Direction = z.enum(["inbound", "outbound"]);

const Interaction = z.object({
  id: Id,
  lead_id: Id,
  type: Type,
  direction: Direction.nullable(),
  subject: z.string().nullable().openapi({ example: "First call" }),
  body: z.string().nullable().openapi({ example: "Wants the fees by e-mail" }),
  outcome: z.string().nullable().openapi({ example: "reached" }),
  duration_seconds: z.int().nullable().openapi({ example: 180 }),
  occurred_at: Timestamp,
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: Timestamp,
}).openapi("Interaction");

const InteractionInput = z.object({
  type: Type,
  direction: Direction.nullable().optional(),
  subject: z.string().trim().max(200).refine(isPlain, plainMessage).nullable().optional(),
  body: z.string().max(20_000).refine(isMultiline, multilineMessage).nullable().optional(),
  outcome: z.string().trim().min(1).max(100).refine(isPlain, plainMessage).nullable().optional()
    .openapi({ example: "reached" }),
  duration_seconds: z.int().min(0).max(86_400).nullable().optional(),
  occurred_at: z.iso.datetime({ offset: true, abort: true })
    .refine((text) => text >= "2000", "is too long ago").nullable().optional()
    .openapi({
      description: "When it took place; now if left out",
      example: "2026-11-20T16:30:00Z",
    }),
}).openapi("InteractionInput");

const listRoute = createRoute({
  method: "get",
  path: "/{id}/interactions",
  operationId: "listInteractions",
  tags: ["leads"],
  summary: "List the interactions of a lead",
  description: "Newest first, by the time of logging.",
  ...permitted("interactions:read"),
  request: { params: IdParam, query: PageQuery.extend({ type: Type.optional() }) },
  responses: {
    200: json(pageOf(Interaction).openapi("InteractionPage"), "A page of interactions"),
    ...guarded,
    ...problems(404, 422),
  },
});

const createInteractionRoute = createRoute({
  method: "post",
  path: "/{id}/interactions",
  operationId: "createInteraction",
  tags: ["leads"],
  summary: "Log an interaction with a lead",
  description: "Interactions cannot be changed or deleted. The first call, meeting, or outbound " +
    "e-mail or text logged by the lead's assignee answers the lead's response clock, as of the " +
    "time at which it took place. Notes and inbound messages do not.",
  ...permitted("interactions:write"),
  request: { params: IdParam, headers: IdempotencyHeader, body: jsonBody(InteractionInput) },
  responses: {
    201: json(Interaction, "The new interaction"),
    ...guarded,
    ...problems(400, 404, 409, 422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

function toInteraction(row: unknown): z.infer<typeof Interaction> {
  const interaction = Interaction.parse(row);
  return {
    ...interaction,
    occurred_at: isoTime(interaction.occurred_at),
    created_at: isoTime(interaction.created_at),
  };
}

export function listInteractions(app: App) {
  app.openapi(listRoute, async (c) => {
    const { limit, offset, type } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_interactions", {
      organization_id: c.var.actor.organizationId,
      lead_id: c.req.valid("param").id,
      ...(type && { wanted_type: type }),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "lead"));
    return c.json({ data: page.rows.map(toInteraction), total: page.total, limit, offset }, 200);
  });
}

export function createInteraction(app: App) {
  app.openapi(createInteractionRoute, async (c) => {
    const row = await c.var.db.rpc("create_interaction", {
      organization_id: c.var.actor.organizationId,
      lead_id: c.req.valid("param").id,
      interaction: c.req.valid("json"),
    });
    return c.json(toInteraction(unwrap(row, "interaction")), 201);
  });
}
