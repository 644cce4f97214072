import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { FullName, RoleKey } from "../_shared/user.ts";

const Invitee = z.object({
  email: z.string().trim().toLowerCase().max(254).pipe(z.email())
    .openapi({ type: "string", format: "email", example: "kofi@nileutility.com" }),
  full_name: FullName.optional(),
  role: RoleKey,
  team_id: z.uuid().nullable().optional(),
  send_invite: z.boolean().optional().openapi({
    description: "Whether the invitation is sent by e-mail; default true",
  }),
}).openapi("UserInput");

const Invited = z.object({
  id: Id.openapi({ description: "The invitation's id" }),
  email: z.string(),
  full_name: z.string(),
  role: z.string(),
  team_id: Id.nullable(),
  expires_at: Timestamp,
  invite_sent: z.boolean(),
  token: z.string().nullable().openapi({
    description:
      "For POST /auth/register; only in this answer, not in repeats with an Idempotency-Key",
  }),
}).openapi("UserInvited");

const route = createRoute({
  method: "post",
  path: "/",
  operationId: "inviteUser",
  tags: ["users"],
  summary: "Invite a person",
  description: "The person chooses a password and joins. Inviting the same address again " +
    "replaces the earlier invitation. The inviter must have confirmed their own address (403 " +
    "email_not_confirmed); e-mails are limited per person, organization and recipient. An " +
    "organization in the sandbox mails no invitations: pass the token on. An invitation ends when " +
    "its inviter may no longer give the role.",
  ...permitted("members:manage"),
  request: { headers: IdempotencyHeader, body: jsonBody(Invitee) },
  responses: {
    201: json(Invited, "The invitation"),
    ...guarded,
    ...problems(400, 409, 422, 429),
  },
});

export function inviteUser(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("invite_user", {
      organization_id: c.var.actor.organizationId,
      invitee: c.req.valid("json"),
    });
    const invited = Invited.parse(unwrap(answer, "invitation"));
    return c.json({ ...invited, expires_at: isoTime(invited.expires_at) }, 201);
  });
}
