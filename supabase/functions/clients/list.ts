import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Client, ClientFilters, toClient } from "./schemas.ts";

const sortable = [
  "created_at",
  "updated_at",
  "name",
  "score",
  "mrr",
  "since",
  "contract_ends_on",
  "last_interaction_at",
].flatMap((field) => [field, `-${field}`]);

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listClients",
  tags: ["clients"],
  summary: "List clients",
  description:
    "`sort=-score` begins with the highest risk. A client without score or interaction sorts as " +
    "the lowest, one without a date as the latest. `deleted=true` lists deleted clients instead; it needs clients:delete.",
  ...permitted("clients:read"),
  request: {
    query: PageQuery.extend({
      ...ClientFilters.shape,
      deleted: z.enum(["true", "false"]).optional(),
      sort: z.enum(sortable).default("-created_at"),
    }),
  },
  responses: {
    200: json(pageOf(Client).openapi("ClientPage"), "A page of clients"),
    ...guarded,
    ...problems(422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function listClients(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, sort, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_clients", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      sort,
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "client"));
    return c.json({ data: page.rows.map(toClient), total: page.total, limit, offset }, 200);
  });
}
