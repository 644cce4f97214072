import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Problem, problems, requireChange, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { etag, expectedVersion, IfMatchHeader } from "../_shared/version.ts";
import { Task, TaskChange, toTask } from "./schemas.ts";

const route = createRoute({
  method: "patch",
  path: "/{id}",
  operationId: "updateTask",
  tags: ["tasks"],
  summary: "Change a task",
  description:
    "Fields that are left out stay unchanged; `completed_at` follows `status`. With If-Match " +
    "or `version` a task that was changed in between is not overwritten: 409 " +
    "`stale_version` has it as `current`. A new due time or assignee sets the reminder again.",
  ...permitted("tasks:write"),
  request: { params: IdParam, headers: IfMatchHeader, body: jsonBody(TaskChange) },
  responses: { 200: json(Task, "The task"), ...guarded, ...problems(400, 404, 409, 422) },
});

const Outcome = z.union([z.object({ task: z.unknown() }), z.object({ stale: z.unknown() })]);

export function updateTask(app: App) {
  app.openapi(route, async (c) => {
    const { version, ...change } = c.req.valid("json");
    const expected = expectedVersion(c.req.valid("header")["if-match"], version);
    requireChange(change);
    const answer = await c.var.db.rpc("update_task", {
      organization_id: c.var.actor.organizationId,
      task_id: c.req.valid("param").id,
      change,
      ...(expected === undefined ? {} : { expected_version: expected }),
    });
    const outcome = Outcome.parse(unwrap(answer, "task"));
    if ("stale" in outcome) {
      throw new Problem(409, "stale_version", "Somebody changed the task since you read it.", {
        members: { current: toTask(outcome.stale) },
      });
    }
    const task = toTask(outcome.task);
    c.header("etag", etag(task));
    return c.json(task, 200);
  });
}
