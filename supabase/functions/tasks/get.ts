import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { etag } from "../_shared/version.ts";
import { Task, toTask } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getTask",
  tags: ["tasks"],
  summary: "One task",
  ...permitted("tasks:read"),
  request: { params: IdParam },
  responses: { 200: json(Task, "The task"), ...guarded, ...problems(404, 422) },
});

export function getTask(app: App) {
  app.openapi(route, async (c) => {
    const row = await c.var.db.rpc("get_task", {
      organization_id: c.var.actor.organizationId,
      task_id: c.req.valid("param").id,
    });
    const task = toTask(unwrap(row, "task"));
    c.header("etag", etag(task));
    return c.json(task, 200);
  });
}
