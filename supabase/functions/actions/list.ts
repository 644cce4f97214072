import { createRoute, z } from "../_shared/zod.ts";
import type { Context } from "hono";
import type { App } from "../_shared/app.ts";
import type { AppEnv } from "../_shared/context.ts";
import { definedOnly } from "../_shared/fields.ts";
import { cursorPageOf, CursorQuery, toCursorPage } from "../_shared/page.ts";
import { notFound, problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Action, toAction } from "./schemas.ts";

const ActionPage = cursorPageOf(Action).openapi("ActionPage");

const all = createRoute({
  method: "get",
  path: "/",
  operationId: "listActions",
  tags: ["actions"],
  summary: "List actions, newest first",
  ...permitted("actions:read"),
  request: {
    query: CursorQuery.extend({
      customer_id: z.uuid().optional(),
      batch_id: z.uuid().optional(),
      action: z.enum(Action.shape.action.options).optional(),
    }),
  },
  responses: { 200: json(ActionPage, "A page of actions"), ...guarded, ...problems(404, 422) },
});

const ofCustomer = createRoute({
  method: "get",
  path: "/customer/{customer_id}",
  operationId: "listCustomerActions",
  tags: ["actions"],
  summary: "Actions of one customer, newest first",
  ...permitted("actions:read"),
  request: {
    params: z.object({
      customer_id: z.uuid().openapi({ param: { name: "customer_id", in: "path" } }),
    }),
    query: CursorQuery,
  },
  responses: { 200: json(ActionPage, "A page of actions"), ...guarded, ...problems(404, 422) },
});

const Found = z.object({ customer_known: z.boolean() });

async function page(
  c: Context<AppEnv>,
  filters: Record<string, string>,
  { limit, offset, cursor }: { limit: number; offset: number; cursor?: string | undefined },
) {
  const answer = unwrap(
    await c.var.db.rpc("list_actions", {
      organization_id: c.var.actor.organizationId,
      filters,
      page_limit: limit,
      page_offset: offset,
      ...(cursor !== undefined && { page_cursor: cursor }),
    }),
    "action",
  );
  if (!Found.parse(answer).customer_known) throw notFound("customer");
  return toCursorPage(answer, { limit, offset }, toAction);
}

export function listActions(app: App) {
  app.openapi(all, async (c) => {
    const { limit, offset, cursor, ...filters } = c.req.valid("query");
    return c.json(await page(c, definedOnly(filters), { limit, offset, cursor }), 200);
  });
}

export function listCustomerActions(app: App) {
  app.openapi(
    ofCustomer,
    async (c) => c.json(await page(c, c.req.valid("param"), c.req.valid("query")), 200),
  );
}
