import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { ensure, problems } from "../_shared/problem.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";

const route = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "removeUser",
  tags: ["users"],
  summary: "Remove a person from the organization",
  description:
    "If the person has open leads or tasks and reassign_to is missing, the answer is 409 " +
    "has_open_leads (or has_open_tasks) with their numbers. Closed leads and tasks stay with the " +
    "person. The account stays too: it may belong to other organizations. Admins may remove " +
    "themselves while another admin remains.",
  ...permitted("members:manage"),
  request: {
    params: IdParam,
    query: z.object({
      reassign_to: z.union([z.uuid(), z.literal("none")]).optional().openapi({
        description:
          "The new assignee of open leads and tasks: a person who may hold leads, or none",
        example: "none",
      }),
    }),
  },
  responses: { 204: { description: "Removed" }, ...guarded, ...problems(404, 409, 422) },
});

export function removeUser(app: App) {
  app.openapi(route, async (c) => {
    const { reassign_to } = c.req.valid("query");
    ensure(
      await c.var.db.rpc("remove_user", {
        organization_id: c.var.actor.organizationId,
        user_id: c.req.valid("param").id,
        ...(reassign_to === undefined ? {} : { reassign_to }),
      }),
    );
    return c.body(null, 204);
  });
}
