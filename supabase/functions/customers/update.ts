import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { normalizeCustomerChange } from "../_shared/customer_input.ts";
import { problems, requireChange, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { Customer, CustomerChange, invalidCustomer, toCustomer } from "./schemas.ts";

const route = createRoute({
  method: "put",
  path: "/{id}",
  operationId: "updateCustomer",
  tags: ["customers"],
  summary: "Change a customer",
  description: "Fields that are left out stay as they are.",
  ...permitted("customers:write"),
  request: { params: IdParam, body: jsonBody(CustomerChange) },
  responses: { 200: json(Customer, "The customer"), ...guarded, ...problems(400, 404, 409, 422) },
});

export function updateCustomer(app: App) {
  app.openapi(route, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const result = normalizeCustomerChange(c.req.valid("json"), organization);
    if (!result.ok) throw invalidCustomer(result.errors);
    const { status, arrears, ...texts } = result.change;
    const change = {
      ...texts,
      ...(arrears === undefined ? {} : { arrears: arrears as unknown as number }),
      ...(status === undefined || status === null ? {} : { status }),
    };
    requireChange(change);
    const row = await c.var.db.from("customers").update(change)
      .eq("organization_id", organizationId)
      .eq("id", c.req.valid("param").id)
      .select().maybeSingle();
    return c.json(toCustomer(unwrap(row, "customer")), 200);
  });
}
