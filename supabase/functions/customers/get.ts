import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Customer, toCustomer } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getCustomer",
  tags: ["customers"],
  summary: "One customer",
  ...permitted("customers:read"),
  request: { params: IdParam },
  responses: { 200: json(Customer, "The customer"), ...guarded, ...problems(404, 422) },
});

export function getCustomer(app: App) {
  app.openapi(route, async (c) => {
    const row = await c.var.db.from("customers").select()
      .eq("organization_id", c.var.actor.organizationId)
      .eq("id", c.req.valid("param").id)
      .maybeSingle();
    return c.json(toCustomer(unwrap(row, "customer")), 200);
  });
}
