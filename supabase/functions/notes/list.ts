import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Note, toNote, Unread } from "./schemas.ts";

const NotePage = pageOf(Note).openapi("NotePage");

const inbox = createRoute({
  method: "get",
  path: "/inbox",
  operationId: "listNoteInbox",
  tags: ["notes"],
  summary: "The notes for the caller's role, newest first",
  ...permitted("notes:read"),
  request: {
    query: PageQuery.extend({
      unread: z.enum(["true", "false"]).optional().openapi({
        description: "true: only those that the caller has not read",
      }),
    }),
  },
  responses: { 200: json(NotePage, "A page of notes"), ...guarded, ...problems(422) },
});

const sent = createRoute({
  method: "get",
  path: "/sent",
  operationId: "listSentNotes",
  tags: ["notes"],
  summary: "The notes that the caller sent, newest first",
  ...permitted("notes:read"),
  request: { query: PageQuery },
  responses: { 200: json(NotePage, "A page of notes"), ...guarded, ...problems(422) },
});

const unread = createRoute({
  method: "get",
  path: "/unread",
  operationId: "countUnreadNotes",
  tags: ["notes"],
  summary: "How many notes the caller has not read",
  description:
    "After each reading the same comes as `notes_unread` in the caller's private channel `user:{id}`. A " +
    "`note` in `role:{organization}:{role}:notes` is a reason to ask again.",
  ...permitted("notes:read"),
  responses: { 200: json(Unread, "The count"), ...guarded },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()).nullable() });

export function listNotes(app: App) {
  app.openapi(inbox, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_notes", {
      organization_id: c.var.actor.organizationId,
      box: "inbox",
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const { rows, total } = Page.parse(unwrap(answer, "note"));
    return c.json({ data: (rows ?? []).map(toNote), total, limit, offset }, 200);
  });
  app.openapi(sent, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_notes", {
      organization_id: c.var.actor.organizationId,
      box: "sent",
      page_limit: limit,
      page_offset: offset,
    });
    const { rows, total } = Page.parse(unwrap(answer, "note"));
    return c.json({ data: (rows ?? []).map(toNote), total, limit, offset }, 200);
  });
  app.openapi(unread, async (c) => {
    const organization_id = c.var.actor.organizationId;
    const answer = await c.var.db.rpc("unread_notes", { organization_id });
    return c.json(Unread.parse(unwrap(answer, "note")), 200);
  });
}
