import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { ensure, problems } from "../_shared/problem.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";

const route = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "deleteTemplate",
  tags: ["templates"],
  summary: "Delete a template",
  description: "409 `template_in_use` while a campaign that has not ended uses it.",
  ...permitted("templates:write"),
  request: { params: IdParam },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 409, 422) },
});

export function deleteTemplate(app: App) {
  app.openapi(route, async (c) => {
    ensure(
      await c.var.db.rpc("delete_template", {
        organization_id: c.var.actor.organizationId,
        template_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
}
