import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { cleanText } from "../_shared/clean_text.ts";
import { Id } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { Note, toNote } from "./schemas.ts";

const Input = z.object({
  title: z.string().max(5_000).transform(cleanText).pipe(z.string().min(1).max(200))
    .openapi({ type: "string", maxLength: 200, example: "Reconnections" }),
  description: z.string().trim().min(1).max(10_000).openapi({
    example: "The crews are out from eight tomorrow",
  }),
  recipients: z.array(z.string().max(50)).min(1).max(100).openapi({
    description: "Keys of roles",
    example: ["marketing_agent", "technical_agent"],
  }),
  client_id: Id.nullable().optional().openapi({ description: "The client that it is about" }),
}).openapi("NoteInput");

const route = createRoute({
  method: "post",
  path: "/",
  operationId: "sendNote",
  tags: ["notes"],
  summary: "Send a note to roles",
  description:
    "Everybody who holds one of the roles sees it. Admins send to any role, the others to `admin` only: " +
    "403 `admins_only`. A note is not changed afterwards.",
  ...permitted("notes:send"),
  request: { headers: IdempotencyHeader, body: jsonBody(Input) },
  responses: { 201: json(Note, "The note"), ...guarded, ...problems(400, 404, 409, 422, 429) },
});

export function sendNote(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("send_note", {
      organization_id: c.var.actor.organizationId,
      note: c.req.valid("json"),
    });
    return c.json(toNote(unwrap(answer, "note")), 201);
  });
}
