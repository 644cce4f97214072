import { createRoute } from "../_shared/zod.ts";
import { requirePermission } from "../_shared/actor.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { toUser, User } from "../_shared/user.ts";

const route = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getUser",
  tags: ["users"],
  summary: "Get a person of the organization",
  description: "Everybody may read their own entry.",
  ...permitted("members:read"),
  middleware: [
    requirePermission("members:read", (c, actor) => c.req.param("id") === actor.userId),
  ],
  request: { params: IdParam },
  responses: { 200: json(User, "The person"), ...guarded, ...problems(404, 422) },
});

export function getUser(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("get_user", {
      organization_id: c.var.actor.organizationId,
      user_id: c.req.valid("param").id,
    });
    return c.json(toUser(unwrap(answer, "user")), 200);
  });
}
