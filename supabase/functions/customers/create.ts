import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { normalizeCustomer } from "../_shared/customer_input.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { Customer, CustomerInput, invalidCustomer, toCustomer } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/",
  operationId: "createCustomer",
  tags: ["customers"],
  summary: "Add a customer",
  ...permitted("customers:write"),
  request: { headers: IdempotencyHeader, body: jsonBody(CustomerInput) },
  responses: { 201: json(Customer, "The new customer"), ...guarded, ...problems(400, 409, 422) },
});

export function createCustomer(app: App) {
  app.openapi(route, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const result = normalizeCustomer(c.req.valid("json"), organization);
    if (!result.ok) throw invalidCustomer(result.errors);
    const row = await c.var.db.rpc("create_customer", {
      organization_id: organizationId,
      customer: { ...result.customer },
    });
    return c.json(toCustomer(unwrap(row, "customer")), 201);
  });
}
