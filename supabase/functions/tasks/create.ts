import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { etag } from "../_shared/version.ts";
import { Task, TaskInput, toTask } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/",
  operationId: "createTask",
  tags: ["tasks"],
  summary: "Add a task",
  ...permitted("tasks:write"),
  request: { headers: IdempotencyHeader, body: jsonBody(TaskInput) },
  responses: { 201: json(Task, "The new task"), ...guarded, ...problems(400, 404, 409, 422) },
});

export function createTask(app: App) {
  app.openapi(route, async (c) => {
    const row = await c.var.db.rpc("create_task", {
      organization_id: c.var.actor.organizationId,
      task: c.req.valid("json"),
    });
    const task = toTask(unwrap(row, "task"));
    c.header("etag", etag(task));
    return c.json(task, 201);
  });
}
