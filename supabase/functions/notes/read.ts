import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { ensure, problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Unread } from "./schemas.ts";

const one = createRoute({
  method: "post",
  path: "/{id}/read",
  operationId: "readNote",
  tags: ["notes"],
  summary: "Mark a note as read",
  description:
    "Reading again keeps the first time. 409 `not_a_recipient` for the sender of a note to other roles.",
  ...permitted("notes:read"),
  request: { params: IdParam },
  responses: { 204: { description: "Read" }, ...guarded, ...problems(404, 409, 422) },
});

const all = createRoute({
  method: "post",
  path: "/read-all",
  operationId: "readAllNotes",
  tags: ["notes"],
  summary: "Mark all notes as read",
  ...permitted("notes:read"),
  request: {
    query: z.object({
      seen: Id.optional().openapi({
        description: "The newest note on the screen: what came later stays unread",
      }),
    }),
  },
  responses: {
    200: json(
      Unread.extend({ read: z.int().openapi({ description: "Notes that were marked" }) })
        .openapi("ReadAllNotes"),
      "What is left",
    ),
    ...guarded,
    ...problems(422),
  },
});

export function readNotes(app: App) {
  app.openapi(all, async (c) => {
    const { seen } = c.req.valid("query");
    const answer = await c.var.db.rpc("read_all_notes", {
      organization_id: c.var.actor.organizationId,
      ...(seen === undefined ? {} : { seen }),
    });
    const read = Unread.extend({ read: z.int() }).parse(unwrap(answer, "note"));
    return c.json(read, 200);
  });
  app.openapi(one, async (c) => {
    ensure(
      await c.var.db.rpc("read_note", {
        organization_id: c.var.actor.organizationId,
        note_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
}
