import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { ensure, problems } from "../_shared/problem.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";

const route = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "deleteLead",
  tags: ["leads"],
  summary: "Delete a lead",
  description:
    "The lead is hidden from lists, counts and jobs; `POST /leads/{id}/restore` undoes it.",
  ...permitted("leads:delete"),
  request: { params: IdParam },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 422) },
});

export function deleteLead(app: App) {
  app.openapi(route, async (c) => {
    ensure(
      await c.var.db.rpc("delete_lead", {
        organization_id: c.var.actor.organizationId,
        lead_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
}
