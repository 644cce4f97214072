import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { ensure, problems } from "../_shared/problem.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";

const route = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "withdrawNote",
  tags: ["notes"],
  summary: "Withdraw a note that nobody has read",
  description: "Only the sender may. 409 `note_read` once somebody has read it.",
  ...permitted("notes:send"),
  request: { params: IdParam },
  responses: { 204: { description: "Withdrawn" }, ...guarded, ...problems(404, 409, 422) },
});

export function withdrawNote(app: App) {
  app.openapi(route, async (c) => {
    ensure(
      await c.var.db.rpc("withdraw_note", {
        organization_id: c.var.actor.organizationId,
        note_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
}
