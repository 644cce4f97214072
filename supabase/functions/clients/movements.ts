import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Json } from "../_shared/database.types.ts";
import { Id, isoTime, Money, Timestamp } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { type FieldError, invalidFields, problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import { readAmount } from "./input.ts";
import { kinds } from "./movement_kinds.ts";
import { Client, Day, reasons, statuses, toClient } from "./schemas.ts";

export const Movement = z.object({
  id: Id,
  day: Day,
  kind: z.enum([
    "trial_start",
    "trial_lost",
    "new",
    "expansion",
    "contraction",
    "churn",
    "reactivation",
    "currency",
    "pause",
    "resume",
    "notice",
    "notice_withdrawn",
    "segment",
    "unchanged",
    "correction",
  ]),
  amount: Money.openapi({ description: "The change of the monthly recurring revenue" }),
  currency: z.string(),
  mrr_after: Money,
  status_after: z.enum(statuses),
  segment: z.string(),
  contract: z.string(),
  contract_mrr: Money.nullable().openapi({ description: "What the contract pays from then on" }),
  reason: z.enum(reasons).nullable(),
  voluntary: z.boolean().nullable(),
  reverses: Id.nullable(),
  reversed_by: Id.nullable(),
  cause: z.string().openapi({ example: "entry" }),
  recorded_at: Timestamp,
  recorded_by: Id.nullable(),
  recorded_by_name: z.string().nullable(),
}).openapi("ClientMovement");

/** The result of `private.movement_rows` as the API's movement. */
export function toMovement(row: unknown): z.infer<typeof Movement> {
  const movement = Movement.parse(row);
  return { ...movement, recorded_at: isoTime(movement.recorded_at) };
}

function recordRoute(kind: (typeof kinds)[keyof typeof kinds]) {
  const { path, operationId, summary, description, body } = kind;
  return createRoute({
    method: "post",
    path,
    operationId,
    tags: ["clients"],
    summary,
    description,
    ...permitted("clients:write"),
    request: { params: IdParam, headers: IdempotencyHeader, body: jsonBody(body) },
    responses: { 200: json(Client, "The client"), ...guarded, ...problems(400, 404, 409, 422) },
  });
}

const withdraw = createRoute({
  method: "delete",
  path: "/{id}/notice",
  operationId: "withdrawClientNotice",
  tags: ["clients"],
  summary: "A client takes its notice back",
  ...permitted("clients:write"),
  request: { params: IdParam },
  responses: { 200: json(Client, "The client"), ...guarded, ...problems(404, 409, 422) },
});

const list = createRoute({
  method: "get",
  path: "/{id}/movements",
  operationId: "listClientMovements",
  tags: ["clients"],
  summary: "The ledger of a client",
  description: "The latest recorded first, corrections included, and what is planned.",
  ...permitted("clients:read"),
  request: { params: IdParam, query: PageQuery },
  responses: {
    200: json(
      pageOf(Movement).extend({
        planned: z.array(z.object({
          movement: z.string().openapi({ example: "churn" }),
          effective_on: Day,
          details: z.record(z.string(), z.unknown()),
        })),
      }).openapi("ClientMovementPage"),
      "A page of movements",
    ),
    ...guarded,
    ...problems(404, 422),
  },
});

const reverse = createRoute({
  method: "post",
  path: "/{id}/movements/{movement_id}/reverse",
  operationId: "reverseClientMovement",
  tags: ["clients"],
  summary: "Take back a movement that was entered by mistake",
  description:
    "The ledger keeps it, with a correction on the same day. What follows from the other entries is " +
    "worked out again. 409 `already_reversed` for one that was, and for a correction.",
  ...permitted("clients:write"),
  request: {
    params: z.object({
      id: z.uuid().openapi({ param: { name: "id", in: "path" } }),
      movement_id: z.uuid().openapi({ param: { name: "movement_id", in: "path" } }),
    }),
    headers: IdempotencyHeader,
  },
  responses: { 200: json(Client, "The client"), ...guarded, ...problems(400, 404, 409, 422) },
});

/** The details of a movement in the database's form. */
function detailsOf(
  { amount, ...rest }: Record<string, Json | undefined>,
  currency: string,
): Record<string, Json> {
  const details = Object.fromEntries(
    Object.entries(rest).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
  if (typeof amount !== "string" && typeof amount !== "number") return details;
  const errors: FieldError[] = [];
  const read = readAmount(amount, String(rest["currency"] ?? currency), "amount", errors);
  if (errors.length > 0) throw invalidFields(errors);
  return { ...details, amount: read };
}

const Page = z.object({
  total: z.number(),
  rows: z.array(z.unknown()),
  planned: z.array(z.object({
    movement: z.string(),
    effective_on: Day,
    details: z.record(z.string(), z.unknown()),
  })),
});

export function clientMovements(app: App) {
  for (const kind of Object.values(kinds)) {
    app.openapi(recordRoute(kind), async (c) => {
      const { organizationId, organization } = c.var.actor;
      const answer = await c.var.db.rpc("record_client_movement", {
        organization_id: organizationId,
        client_id: c.req.valid("param").id,
        movement: kind.movement,
        details: detailsOf(c.req.valid("json"), organization.currency),
      });
      return c.json(toClient(unwrap(answer, "client")), 200);
    });
  }
  app.openapi(withdraw, async (c) => {
    const answer = await c.var.db.rpc("record_client_movement", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
      movement: "notice_withdrawal",
    });
    return c.json(toClient(unwrap(answer, "client")), 200);
  });
  app.openapi(list, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_client_movements", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
      page_limit: limit,
      page_offset: offset,
    });
    const { rows, total, planned } = Page.parse(unwrap(answer, "client"));
    return c.json({ data: rows.map(toMovement), total, limit, offset, planned }, 200);
  });
  app.openapi(reverse, async (c) => {
    const { id, movement_id } = c.req.valid("param");
    const answer = await c.var.db.rpc("reverse_client_movement", {
      organization_id: c.var.actor.organizationId,
      client_id: id,
      movement_id,
    });
    return c.json(toClient(unwrap(answer, "movement")), 200);
  });
}
