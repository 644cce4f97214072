import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";

const BulkAction = z.object({
  user_ids: z.array(z.uuid()).min(1).max(100).openapi({
    example: ["0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11"],
  }),
  action: z.enum(["activate", "deactivate", "delete"]).openapi({
    description: "deactivate suspends; delete removes from the organization",
    example: "deactivate",
  }),
  reassign_to: z.union([z.uuid(), z.literal("none")]).optional().openapi({
    description: "With delete: the new assignee of all their open leads and tasks, or none",
    example: "none",
  }),
}).openapi("UserBulkAction");

const Result = z.object({
  user_id: Id,
  done: z.boolean(),
  code: z.string().optional().openapi({
    description: "Why not: the code that the single request would answer with, or own_account",
    example: "last_admin",
  }),
  detail: z.string().optional(),
}).openapi("UserBulkActionResult");

const Answer = z.object({
  results: z.array(Result).openapi({ description: "One for each id, in the order given" }),
  done: z.int().openapi({ example: 1 }),
  refused: z.int().openapi({ example: 0 }),
}).openapi("UserBulkActionAnswer");

const route = createRoute({
  method: "post",
  path: "/users/bulk-action",
  operationId: "adminBulkChangeUsers",
  tags: ["admin"],
  summary: "Activate, deactivate or delete up to 100 people",
  description: "One transaction. Each id has an answer of its own: a person who is refused does " +
    "not keep the others from being changed.",
  ...permitted("members:manage"),
  request: { body: jsonBody(BulkAction) },
  responses: { 200: json(Answer, "What became of each"), ...guarded, ...problems(400, 409, 422) },
});

/** POST /admin/users/bulk-action. */
export function bulkChangeUsers(app: App) {
  app.openapi(route, async (c) => {
    const { user_ids, action, reassign_to } = c.req.valid("json");
    const answer = await c.var.db.rpc("bulk_change_users", {
      organization_id: c.var.actor.organizationId,
      user_ids,
      action,
      ...(reassign_to === undefined ? {} : { reassign_to }),
    });
    const results = z.array(Result).parse(unwrap(answer, "user"));
    const done = results.filter((result) => result.done).length;
    return c.json({ results, done, refused: results.length - done }, 200);
  });
}
