import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { ensure, problems } from "../_shared/problem.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";
import { RoleKey } from "../_shared/user.ts";

const route = createRoute({
  method: "delete",
  path: "/roles/{id}",
  operationId: "adminDeleteRole",
  tags: ["admin"],
  summary: "Delete a role of the organization's own",
  description: "A role in use is deleted only with replace_with (409 role_in_use, with the " +
    "numbers of members, keys and invitations). System roles cannot be deleted (409 system_role).",
  ...permitted("roles:manage"),
  request: {
    params: IdParam,
    query: z.object({
      replace_with: RoleKey.optional().openapi({
        description: "The key of the role that people, API keys and invitations get instead",
        example: "viewer",
      }),
    }),
  },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 409, 422) },
});

/** DELETE /admin/roles/{id}. */
export function deleteRole(app: App) {
  app.openapi(route, async (c) => {
    const { replace_with } = c.req.valid("query");
    ensure(
      await c.var.db.rpc("delete_role", {
        organization_id: c.var.actor.organizationId,
        role_id: c.req.valid("param").id,
        ...(replace_with === undefined ? {} : { replace_with }),
      }),
    );
    return c.body(null, 204);
  });
}
