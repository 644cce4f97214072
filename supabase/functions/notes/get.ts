import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Note, toNote } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getNote",
  tags: ["notes"],
  summary: "One note that the caller sent or that is for their role",
  description: "Looking at a note does not mark it as read.",
  ...permitted("notes:read"),
  request: { params: IdParam },
  responses: { 200: json(Note, "The note"), ...guarded, ...problems(404, 422) },
});

export function getNote(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("get_note", {
      organization_id: c.var.actor.organizationId,
      note_id: c.req.valid("param").id,
    });
    return c.json(toNote(unwrap(answer, "note")), 200);
  });
}
