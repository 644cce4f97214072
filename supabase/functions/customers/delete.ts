import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";

const route = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "deleteCustomer",
  tags: ["customers"],
  summary: "Delete a customer",
  description: "The customer's actions are deleted too; texts are kept without the customer.",
  ...permitted("customers:delete"),
  request: { params: IdParam },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 422) },
});

export function deleteCustomer(app: App) {
  app.openapi(route, async (c) => {
    const deleted = await c.var.db.from("customers").delete()
      .eq("organization_id", c.var.actor.organizationId)
      .eq("id", c.req.valid("param").id)
      .select("id").maybeSingle();
    unwrap(deleted, "customer");
    return c.body(null, 204);
  });
}
