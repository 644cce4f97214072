import { createRoute, type z } from "../_shared/zod.ts";
import type { Context } from "hono";
import type { App } from "../_shared/app.ts";
import { adminClient, clientOf } from "../_shared/clients.ts";
import type { AppEnv } from "../_shared/context.ts";
import { fromPostgres, Problem, problems, unwrap } from "../_shared/problem.ts";
import { json, jsonBody } from "../_shared/route.ts";
import { answerDelay, countFailure, endSignIn, limitAttempt, withRefusalDelay } from "./guard.ts";
import { signIn } from "./login.ts";
import {
  authClient,
  captchaOptions,
  fromAuth,
  invalidCredentials,
  toSignedIn,
  toUser,
} from "./provider.ts";
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
type Input = z.infer<typeof Registration>;

/** An existing account. `hidden`: addresses are confirmed here, so the answer must not reveal that there is one. */
interface Existing {
  hidden: boolean;
}

/** The service role is needed because the person has no account yet. */
const admin = (c: Context<AppEnv>) => adminClient(c.var.requestHeaders, c.var.counter);

/**
 * The organization of the invitation, null without one.
 * @throws Problem 403 if the deployment does not allow the registration, 422 if the invitation is not valid
 */
async function checkRegistration(
  c: Context<AppEnv>,
  email: string,
  intent: RegistrationIntent,
): Promise<string | null> {
  const { data, error } = await admin(c).rpc("check_registration", {
    email,
    ...(intent.kind === "join" ? { token: intent.token } : {}),
  });
  if (error) throw fromPostgres(error);
  return data;
}

/** The only organization of a new account. The service role is needed because there may be no session yet. */
async function organizationOf(c: Context<AppEnv>, userId: string): Promise<string> {
  const row = await admin(c).from("memberships").select("organization_id").eq("user_id", userId)
    .limit(1).single();
  return unwrap(row).organization_id;
}

const confirmationRequired = (user: Answer["user"], organization_id: string): Answer => ({
  access_token: null,
  refresh_token: null,
  expires_at: null,
  user,
  organization_id,
  confirmation_required: true,
});

/** Creates the account. The trigger on auth.users creates or joins the organization. */
async function signUp(
  c: Context<AppEnv>,
  input: Input,
  intent: RegistrationIntent,
): Promise<Answer | Existing> {
  const { email, password, full_name, captcha_token } = input;
  const invited = await checkRegistration(c, email, intent);
  const options = { data: { full_name, ...metadataOf(intent) }, ...captchaOptions(captcha_token) };
  const { data, error } = await authClient(c).signUp({ email, password, options });
  if (error?.code === "user_already_exists" || error?.code === "email_exists") {
    return { hidden: false };
  }
  // Only an account that waits for its confirmation gets this.
  if (error?.code === "over_email_send_rate_limit") return { hidden: true };
  // Auth hides why the trigger refused; the invitation may have been used in the meantime.
  if (error && (error.status ?? 500) >= 500) await checkRegistration(c, email, intent);
  if (error) throw fromAuth(error);
  // With confirmations, Auth hides an existing account behind an invented user without identities.
  if (!data.user || data.user.identities?.length === 0) return { hidden: true };
  const organization = invited ?? await organizationOf(c, data.user.id);
  return data.session
    ? {
      ...toSignedIn(data.session),
      organization_id: organization,
      confirmation_required: false,
    }
    : confirmationRequired(toUser(data.user), organization);
}

/** Creates or joins the organization with an existing account, if the password is correct. */
async function registerExisting(
  c: Context<AppEnv>,
  input: Input,
  intent: RegistrationIntent,
): Promise<Answer> {
  const session = await signIn(c, input);
  const db = clientOf(session.access_token, c.var.requestHeaders, c.var.counter);
  const organization = intent.kind === "join"
    ? await db.rpc("accept_invitation", { token: intent.token })
    : await db.rpc("create_organization", { name: intent.name, settings: intent.settings });
  return { ...session, organization_id: unwrap(organization), confirmation_required: false };
}

/**
 * The answer for an existing account with another password. Where addresses are confirmed it looks like a new account's;
 * otherwise a new account would be signed in, so nothing can be hidden.
 */
function answerForOthers(input: Input, invited: string | null, { hidden }: Existing): Answer {
  if (hidden) {
    const user = { id: crypto.randomUUID(), email: input.email, full_name: input.full_name };
    return confirmationRequired(user, invited ?? inventedId());
  }
  if (invited !== null) throw invalidCredentials();
  throw new Problem(409, "email_taken", "There is an account with this e-mail address. Sign in.");
}

/** A UUID version 7, as the database gives them to organizations. */
function inventedId(): string {
  const time = Date.now().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}

async function registerPerson(
  c: Context<AppEnv>,
  input: Input,
  intent: RegistrationIntent,
): Promise<Answer> {
  const result = await signUp(c, input, intent);
  if (!("hidden" in result)) {
    await endSignIn(c, input.email, "succeeded");
    return result;
  }
  try {
    return await countFailure(
      c,
      input.email,
      () => withRefusalDelay(() => registerExisting(c, input, intent)),
    );
  } catch (error) {
    const refused = error instanceof Problem &&
      (error.code === "invalid_credentials" || error.code === "email_not_confirmed");
    if (!refused) throw error;
    return answerForOthers(
      input,
      intent.kind === "join" ? await checkRegistration(c, input.email, intent) : null,
      result,
    );
  }
}

export function register(app: App) {
  app.openapi(route, async (c) => {
    const input = c.req.valid("json");
    await limitAttempt(c, "register", input.email);
    const delay = answerDelay();
    const answer = await registerPerson(c, input, toIntent(input));
    // Also the time must not reveal whether there was an account.
    if (answer.confirmation_required) await delay;
    return c.json(answer, 201);
  });
}
