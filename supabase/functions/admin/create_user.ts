import { createRoute, z } from "../_shared/zod.ts";
import type { Context } from "hono";
import type { App } from "../_shared/app.ts";
import { createAccount } from "./auth_account.ts";
import type { AppEnv } from "../_shared/context.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { ensure, Problem, problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { FullName, RoleKey, toUser, UserStatus } from "../_shared/user.ts";

const AdminUserInput = z.object({
  email: z.string().trim().toLowerCase().max(254).pipe(z.email())
    .openapi({ type: "string", format: "email", example: "kofi@nileutility.com" }),
  full_name: FullName.optional(),
  role: RoleKey,
  team_id: z.uuid().nullable().optional(),
  status: UserStatus.optional().openapi({
    description: "suspended only with send_invite false; default active",
  }),
  send_invite: z.boolean().optional().openapi({
    description: "true (the default) mails an invitation; false creates the account at once",
  }),
}).openapi("AdminUserInput");

const AdminUserCreated = z.object({
  user_id: Id.nullable().openapi({ description: "null until an invitation is accepted" }),
  invite_sent: z.boolean(),
  invitation_id: Id.nullable(),
  invitation_token: z.string().nullable().openapi({
    description: "For POST /auth/register, where no e-mail was sent; only in this answer",
  }),
  expires_at: Timestamp.nullable().openapi({ description: "Of the invitation" }),
}).openapi("AdminUserCreated");

type Input = z.infer<typeof AdminUserInput>;
type Created = z.infer<typeof AdminUserCreated>;

const route = createRoute({
  method: "post",
  path: "/users",
  operationId: "adminCreateUser",
  tags: ["admin"],
  summary: "Add a person: by invitation, or with an account at once",
  description: "With send_invite false the account exists and has the role, without a password: " +
    "the person signs in after a recovery link (POST /auth/password/forgot). An address that has " +
    "an account is only invited (409 account_exists), an organization in the sandbox only invites " +
    "(403 organization_in_sandbox), and so does every one where registration is closed (403 " +
    "registration_closed). Phone numbers are confirmed by their owners (POST " +
    "/auth/phone). Limited as POST /users.",
  ...permitted("members:manage"),
  request: { headers: IdempotencyHeader, body: jsonBody(AdminUserInput) },
  responses: {
    201: json(AdminUserCreated, "What was created"),
    ...guarded,
    ...problems(400, 409, 422, 429, 502),
  },
});

const Invited = z.object({
  id: z.string(),
  expires_at: z.string(),
  invite_sent: z.boolean(),
  token: z.string().nullable(),
});

async function invite(
  c: Context<AppEnv>,
  { send_invite = true, ...invitee }: Input,
): Promise<z.infer<typeof Invited>> {
  const answer = await c.var.db.rpc("invite_user", {
    organization_id: c.var.actor.organizationId,
    invitee: { ...invitee, account: !send_invite },
  });
  return Invited.parse(unwrap(answer, "invitation"));
}

async function invitePerson(c: Context<AppEnv>, input: Input): Promise<Created> {
  const invited = await invite(c, input);
  return {
    user_id: null,
    invite_sent: invited.invite_sent,
    invitation_id: invited.id,
    invitation_token: invited.invite_sent ? null : invited.token,
    expires_at: isoTime(invited.expires_at),
  };
}

/** The member with this address; a repeat of a request finds whom the first one created. */
async function memberWith(c: Context<AppEnv>, email: string): Promise<string | undefined> {
  const answer = await c.var.db.rpc("list_users", {
    organization_id: c.var.actor.organizationId,
    filters: { search: email },
    page_limit: 200,
    page_offset: 0,
  });
  const { rows } = z.object({ rows: z.array(z.unknown()) }).parse(unwrap(answer, "user"));
  return rows.map(toUser).find((user) => user.email === email)?.id;
}

async function withdraw(c: Context<AppEnv>, invitation: string): Promise<void> {
  ensure(
    await c.var.db.from("invitations").delete()
      .eq("organization_id", c.var.actor.organizationId).eq("id", invitation),
  );
}

/**
 * The invitation is redeemed by the account's own sign-up, in its transaction: so the rules about who may give which
 * role are those of invitations, and there is never an account without its membership and its status.
 */
async function accountFor(c: Context<AppEnv>, input: Input): Promise<string> {
  const { id, token } = await invite(c, input);
  if (token === null) {
    const user = await memberWith(c, input.email);
    if (user !== undefined) return user;
    throw new Problem(
      409,
      "not_finished",
      "The first request did not finish. Repeat it with another Idempotency-Key.",
    );
  }
  try {
    return await createAccount(c, input.email, {
      invitation_token: token,
      ...(input.full_name === undefined ? {} : { full_name: input.full_name }),
    });
  } catch (error) {
    await withdraw(c, id);
    throw error;
  }
}

async function createPerson(c: Context<AppEnv>, input: Input): Promise<Created> {
  return {
    user_id: await accountFor(c, input),
    invite_sent: false,
    invitation_id: null,
    invitation_token: null,
    expires_at: null,
  };
}

/** POST /admin/users. */
export function createUser(app: App) {
  app.openapi(route, async (c) => {
    const input = c.req.valid("json");
    if (input.send_invite === false) return c.json(await createPerson(c, input), 201);
    return c.json(await invitePerson(c, input), 201);
  });
}
