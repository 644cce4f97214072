import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { ensure, problems } from "../_shared/problem.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";

const route = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "deletePhoneNumber",
  tags: ["phone-numbers"],
  summary: "Take a number out of the pool",
  description:
    "A number that messages refer to stays in the list, disabled. Its credentials are deleted either way. 409 " +
    "`number_in_use` while a campaign that has not ended names it.",
  ...permitted("organization:update"),
  request: { params: IdParam },
  responses: {
    204: { description: "Deleted or disabled" },
    ...guarded,
    ...problems(404, 409, 422),
  },
});

export function deletePhoneNumber(app: App) {
  app.openapi(route, async (c) => {
    ensure(
      await c.var.db.rpc("delete_phone_number", {
        organization_id: c.var.actor.organizationId,
        number_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
}
