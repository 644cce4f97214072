import { createRoute, z } from "../_shared/zod.ts";
import type { Context } from "hono";
import type { App } from "../_shared/app.ts";
import type { AppEnv } from "../_shared/context.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { notFound, problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Action, toAction } from "./schemas.ts";

const ActionPage = pageOf(Action).openapi("ActionPage");

const all = createRoute({
  method: "get",
  path: "/",
  operationId: "listActions",
  tags: ["actions"],
  summary: "List actions, newest first",
  ...permitted("actions:read"),
  request: {
    query: PageQuery.extend({
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
    query: PageQuery,
  },
  responses: { 200: json(ActionPage, "A page of actions"), ...guarded, ...problems(404, 422) },
});

const Page = z.object({
  total: z.number(),
  rows: z.array(z.unknown()),
  customer_known: z.boolean(),
});

async function page(
  c: Context<AppEnv>,
  filters: Record<string, string>,
  { limit, offset }: { limit: number; offset: number },
) {
  const answer = await c.var.db.rpc("list_actions", {
    organization_id: c.var.actor.organizationId,
    filters,
    page_limit: limit,
    page_offset: offset,
  });
  const found = Page.parse(unwrap(answer, "action"));
  if (!found.customer_known) throw notFound("customer");
  return { data: found.rows.map(toAction), total: found.total, limit, offset };
}

export function listActions(app: App) {
  app.openapi(all, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    return c.json(await page(c, definedOnly(filters), { limit, offset }), 200);
  });
}

export function listCustomerActions(app: App) {
  app.openapi(
    ofCustomer,
    async (c) => c.json(await page(c, c.req.valid("param"), c.req.valid("query")), 200),
  );
}
