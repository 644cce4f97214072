import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly, Id } from "../_shared/fields.ts";
import { cursorPageOf, CursorQuery, toCursorPage } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { DueTime, Priority, Status, Task, toTask } from "./schemas.ts";

const sorts = ["due_at", "created_at", "updated_at", "priority"];

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listTasks",
  tags: ["tasks"],
  summary: "List tasks",
  description:
    "The caller's tasks (assigned to or created by the caller), those of leads visible to the " +
    "caller, and with team scope those of the team's members.",
  ...permitted("tasks:read"),
  request: {
    query: CursorQuery.extend({
      lead_id: Id.optional(),
      assigned_to: z.union([z.literal(["me", "none"]), z.uuid()]).optional(),
      status: Status.optional(),
      priority: Priority.optional(),
      due_before: DueTime.optional(),
      due_after: DueTime.optional().openapi({ description: "Inclusive" }),
      overdue: z.enum(["true", "false"]).optional()
        .openapi({ description: "Whether the task is open and its due time has passed" }),
      sort: z.enum(sorts.flatMap((field) => [field, `-${field}`])).default("due_at")
        .openapi({ description: "Tasks without due time come last by due_at, first by -due_at" }),
    }),
  },
  responses: {
    200: json(cursorPageOf(Task).openapi("TaskPage"), "A page of tasks"),
    ...guarded,
    ...problems(422),
  },
});

export function listTasks(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, cursor, sort, ...rest } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_tasks", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(rest),
      sort,
      page_limit: limit,
      page_offset: offset,
      ...(cursor !== undefined && { page_cursor: cursor }),
    });
    return c.json(toCursorPage(unwrap(answer, "task"), { limit, offset }, toTask), 200);
  });
}
