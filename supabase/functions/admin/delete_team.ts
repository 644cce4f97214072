import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { ensure, problems } from "../_shared/problem.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";

const route = createRoute({
  method: "delete",
  path: "/teams/{id}",
  operationId: "adminDeleteTeam",
  tags: ["admin"],
  summary: "Delete a team",
  description:
    "With members (people or API keys) and without move_to it answers 409 team_has_members, with " +
    "the numbers of members and keys. Members move to the other team with their leads, or belong to " +
    "no team.",
  ...permitted("members:manage"),
  request: {
    params: IdParam,
    query: z.object({
      move_to: z.union([z.uuid(), z.literal("none")]).optional().openapi({
        description: "The team of its members afterwards, or none",
        example: "none",
      }),
    }),
  },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 409, 422) },
});

/** DELETE /admin/teams/{id}. */
export function deleteTeam(app: App) {
  app.openapi(route, async (c) => {
    const { move_to } = c.req.valid("query");
    ensure(
      await c.var.db.rpc("delete_team", {
        organization_id: c.var.actor.organizationId,
        team_id: c.req.valid("param").id,
        ...(move_to === undefined ? {} : { move_to }),
      }),
    );
    return c.body(null, 204);
  });
}
