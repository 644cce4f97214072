import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, requireChange, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { FullName, RoleKey, toUser, User, UserStatus } from "../_shared/user.ts";

const UserChange = z.object({
  full_name: FullName.optional(),
  role: RoleKey.optional(),
  team_id: z.uuid().nullable().optional(),
  status: UserStatus.optional(),
}).openapi("UserChange");

const route = createRoute({
  method: "patch",
  path: "/{id}",
  operationId: "updateUser",
  tags: ["users"],
  summary: "Change a person's role, team, status or name",
  description: "A suspended person has no access, keeps their leads and gets no new ones. Leads " +
    "move with their holder to another team. Only the person may change their name if they belong " +
    "to other organizations too (403 name_is_personal). An organization keeps an active admin " +
    "(409 last_admin); nobody gives or takes a role or team whose permissions they do not " +
    "have (403 role_exceeds_own).",
  ...permitted("members:manage"),
  request: { params: IdParam, body: jsonBody(UserChange) },
  responses: { 200: json(User, "The person"), ...guarded, ...problems(400, 404, 409, 422) },
});

export function updateUser(app: App) {
  app.openapi(route, async (c) => {
    const change = c.req.valid("json");
    requireChange(change);
    const answer = await c.var.db.rpc("update_user", {
      organization_id: c.var.actor.organizationId,
      user_id: c.req.valid("param").id,
      change,
    });
    return c.json(toUser(unwrap(answer, "user")), 200);
  });
}
