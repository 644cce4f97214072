import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { cursorPageOf, CursorQuery, toCursorPage } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Customer, CustomerFilters, toCustomer } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listCustomers",
  tags: ["customers"],
  summary: "List customers",
  ...permitted("customers:read"),
  request: {
    query: CursorQuery.extend({
      ...CustomerFilters.shape,
      sort: z.enum(
        ["name", "account_number", "phone", "status", "arrears", "created_at", "updated_at"]
          .flatMap((
            field,
          ) => [field, `-${field}`]),
      ).default("-created_at"),
    }),
  },
  responses: {
    200: json(cursorPageOf(Customer).openapi("CustomerPage"), "A page of customers"),
    ...guarded,
    ...problems(422),
  },
});

export function listCustomers(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, cursor, sort, ...rest } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_customers", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(rest),
      sort,
      page_limit: limit,
      page_offset: offset,
      ...(cursor !== undefined && { page_cursor: cursor }),
    });
    return c.json(toCursorPage(unwrap(answer, "customer"), { limit, offset }, toCustomer), 200);
  });
}
