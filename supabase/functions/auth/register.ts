import { createRoute, type z } from "../_shared/zod.ts";
import type { Context } from "hono";
import type { App } from "../_shared/app.ts";
import { adminClient, clientOf } from "../_shared/clients.ts";
import type { AppEnv } from "../_shared/context.ts";
import { Problem, problems, unwrap } from "../_shared/problem.ts";
import { json, jsonBody } from "../_shared/route.ts";
import { limitAttempts, withRefusalDelay } from "./guard.ts";
import { signIn } from "./login.ts";
import { authClient, fromAuth, toSignedIn, toUser } from "./provider.ts";
import { metadataOf, Registration, type RegistrationIntent, toIntent } from "./registration.ts";
import { Registered } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/register",
  operationId: "register",
  tags: ["auth"],
  summary: "Register, with a new organization or by invitation",
  description:
    "A person with an account creates or joins another organization with it, if the password is correct. " +
    "Registering the same organization name again changes nothing.",
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

/**
 * The organization of an open invitation. The service role is needed because the person has no account yet.
 * @throws Problem 422
 */
async function invitingOrganization(
  c: Context<AppEnv>,
  token: string,
  email: string,
): Promise<string> {
  const admin = adminClient(c.var.requestHeaders, c.var.counter);
  const { data, error } = await admin.rpc("check_invitation", { token, email });
  if (error) unwrap({ data, error });
  if (!data) throw invitationInvalid();
  return data;
}

/** The only organization of a new account. The service role is needed because there may be no session yet. */
async function organizationOf(c: Context<AppEnv>, userId: string): Promise<string> {
  const admin = adminClient(c.var.requestHeaders, c.var.counter);
  const row = await admin.from("memberships").select("organization_id").eq("user_id", userId).limit(
    1,
  ).single();
  return unwrap(row).organization_id;
}

/** Creates the account; null if there is one. The trigger on auth.users creates or joins the organization. */
async function signUp(
  c: Context<AppEnv>,
  input: z.infer<typeof Registration>,
  intent: RegistrationIntent,
): Promise<Answer | null> {
  const { email, password, full_name } = input;
  const invited = intent.kind === "join"
    ? await invitingOrganization(c, intent.token, email)
    : null;
  const options = { data: { full_name, ...metadataOf(intent) } };
  const { data, error } = await authClient(c).auth.signUp({ email, password, options });
  if (error?.code === "user_already_exists" || error?.code === "email_exists") return null;
  if (error && intent.kind === "join" && (error.status ?? 500) >= 500) {
    // Auth hides why the trigger refused; the invitation may have been used in the meantime.
    await invitingOrganization(c, intent.token, email);
  }
  if (error) throw fromAuth(error);
  // With confirmations, Auth hides an existing account behind an invented user without identities.
  if (!data.user || data.user.identities?.length === 0) return null;
  return {
    ...(data.session
      ? toSignedIn(data.session)
      : { access_token: null, refresh_token: null, expires_at: null, user: toUser(data.user) }),
    organization_id: invited ?? await organizationOf(c, data.user.id),
    confirmation_required: data.session === null,
  };
}

/** Creates or joins the organization with an existing account, if the password is correct. */
async function registerExisting(
  c: Context<AppEnv>,
  input: z.infer<typeof Registration>,
  intent: RegistrationIntent,
): Promise<Answer> {
  const session = await withRefusalDelay(() => signIn(c, input)).catch((error) => {
    if (intent.kind === "create" && error instanceof Problem && error.status === 401) {
      throw new Problem(
        409,
        "email_taken",
        "There is an account with this e-mail address. Sign in.",
      );
    }
    throw error;
  });
  const db = clientOf(session.access_token, c.var.requestHeaders, c.var.counter);
  const organization = intent.kind === "join"
    ? await db.rpc("accept_invitation", { token: intent.token })
    : await db.rpc("create_organization", { name: intent.name, settings: intent.settings });
  return { ...session, organization_id: unwrap(organization), confirmation_required: false };
}

export function register(app: App) {
  app.openapi(route, async (c) => {
    const input = c.req.valid("json");
    const intent = toIntent(input);
    await limitAttempts(c, input.email);
    return c.json(await signUp(c, input, intent) ?? await registerExisting(c, input, intent), 201);
  });
}
