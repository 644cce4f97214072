import { createRoute, type z } from "../_shared/zod.ts";
import type { Context } from "hono";
import type { App } from "../_shared/app.ts";
import { adminClient, clientOf } from "../_shared/clients.ts";
import type { AppEnv } from "../_shared/context.ts";
import { Problem, problems, unwrap } from "../_shared/problem.ts";
import { json, jsonBody } from "../_shared/route.ts";
import { limitAttempts, refusedSlowly } from "./guard.ts";
import { signIn } from "./login.ts";
import { authClient, fromAuth, toSignedIn, toUser } from "./provider.ts";
import { metadataOf, Registration, type Wish, wishOf } from "./registration.ts";
import { Registered } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/register",
  operationId: "register",
  tags: ["auth"],
  summary: "Register, with a new organization or by invitation",
  description:
    "Somebody who has an account already founds or joins another organization with it, if the password is right. " +
    "Repeating a registration of the same organization's name changes nothing.",
  security: [],
  request: { body: jsonBody(Registration) },
  responses: { 201: json(Registered, "Registered"), ...problems(400, 401, 403, 409, 422, 429) },
});

type Answer = z.infer<typeof Registered>;

const invitationInvalid = () =>
  new Problem(
    422,
    "invitation_invalid",
    "The invitation is unknown, used, expired or for another e-mail address.",
    { errors: [{ path: "invitation_token", message: "is not valid" }] },
  );

/** The organization of an open invitation. The service role is needed: the person has no account to ask with yet. */
async function invitedTo(c: Context<AppEnv>, token: string, email: string): Promise<string> {
  const admin = adminClient(c.var.requestHeaders, c.var.counter);
  const { data, error } = await admin.rpc("check_invitation", { token, email });
  if (error) unwrap({ data, error });
  if (!data) throw invitationInvalid();
  return data;
}

/** The only organization of an account just made. The service role, since there may be no session yet to ask with. */
async function createdBy(c: Context<AppEnv>, userId: string): Promise<string> {
  const admin = adminClient(c.var.requestHeaders, c.var.counter);
  const row = await admin.from("memberships").select("organization_id").eq("user_id", userId).limit(
    1,
  ).single();
  return unwrap(row).organization_id;
}

/** Makes the account; null when the address has one already. The trigger on auth.users grants the wish. */
async function signUp(
  c: Context<AppEnv>,
  input: z.infer<typeof Registration>,
  wish: Wish,
): Promise<Answer | null> {
  const { email, password, full_name } = input;
  const invited = wish.kind === "join" ? await invitedTo(c, wish.token, email) : null;
  const options = { data: { full_name, ...metadataOf(wish) } };
  const { data, error } = await authClient(c).auth.signUp({ email, password, options });
  if (error?.code === "user_already_exists" || error?.code === "email_exists") return null;
  if (error && wish.kind === "join" && (error.status ?? 500) >= 500) {
    // Auth hides why the trigger refused: perhaps somebody else used the invitation since.
    await invitedTo(c, wish.token, email);
  }
  if (error) throw fromAuth(error);
  // Where addresses are confirmed, Auth hides that one is taken behind a made-up user without identities.
  if (!data.user || data.user.identities?.length === 0) return null;
  return {
    ...(data.session
      ? toSignedIn(data.session)
      : { access_token: null, refresh_token: null, expires_at: null, user: toUser(data.user) }),
    organization_id: invited ?? await createdBy(c, data.user.id),
    confirmation_required: data.session === null,
  };
}

/** Grants the wish to somebody who has an account already and knows its password. */
async function extend(
  c: Context<AppEnv>,
  input: z.infer<typeof Registration>,
  wish: Wish,
): Promise<Answer> {
  const session = await refusedSlowly(() => signIn(c, input)).catch((error) => {
    if (wish.kind === "found" && error instanceof Problem && error.status === 401) {
      throw new Problem(
        409,
        "email_taken",
        "There is an account with this e-mail address: sign in.",
      );
    }
    throw error;
  });
  const db = clientOf(session.access_token, c.var.requestHeaders, c.var.counter);
  const organization = wish.kind === "join"
    ? await db.rpc("accept_invitation", { token: wish.token })
    : await db.rpc("create_organization", { name: wish.name, settings: wish.settings });
  return { ...session, organization_id: unwrap(organization), confirmation_required: false };
}

export function register(app: App) {
  app.openapi(route, async (c) => {
    const input = c.req.valid("json");
    const wish = wishOf(input);
    await limitAttempts(c, input.email);
    return c.json(await signUp(c, input, wish) ?? await extend(c, input, wish), 201);
  });
}
