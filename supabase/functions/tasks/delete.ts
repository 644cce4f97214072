import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { ensure, problems } from "../_shared/problem.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";

const route = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "deleteTask",
  tags: ["tasks"],
  summary: "Delete a task",
  description: "Also removed from the lead's timeline; the audit log keeps its last state.",
  ...permitted("tasks:write"),
  request: { params: IdParam },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 422) },
});

export function deleteTask(app: App) {
  app.openapi(route, async (c) => {
    ensure(
      await c.var.db.rpc("delete_task", {
        organization_id: c.var.actor.organizationId,
        task_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
}
