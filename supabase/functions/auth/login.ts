import { createRoute, z } from "../_shared/zod.ts";
import type { Context } from "hono";
import type { App } from "../_shared/app.ts";
import type { AppEnv } from "../_shared/context.ts";
import { problems } from "../_shared/problem.ts";
import { json, jsonBody } from "../_shared/route.ts";
import { countFailure, limitAttempt, withRefusalDelay } from "./guard.ts";
import {
  authClient,
  captchaOptions,
  fromAuth,
  invalidCredentials,
  toSignedIn,
} from "./provider.ts";
import { CaptchaToken, Email, SignedIn } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/login",
  operationId: "login",
  tags: ["auth"],
  summary: "Sign in",
  description: "A wrong password, an unknown address and a banned account get the same answer.",
  security: [],
  request: {
    body: jsonBody(
      z.object({
        email: Email,
        password: z.string().min(1).max(1000).openapi({
          format: "password",
          example: "correct horse battery",
        }),
        captcha_token: CaptchaToken,
      }).openapi("Login"),
    ),
  },
  responses: { 200: json(SignedIn, "Signed in"), ...problems(400, 401, 403, 422, 429) },
});

/** E-mail address and password, and the token of a solved captcha where Supabase Auth asks for one. */
export interface Credentials {
  email: string;
  password: string;
  captcha_token?: string | undefined;
}

/**
 * Signs in.
 * @throws Problem 401, the same for a wrong password, an unknown address and a banned account
 */
export async function signIn(c: Context<AppEnv>, { email, password, captcha_token }: Credentials) {
  const { data, error } = await authClient(c).signInWithPassword({
    email,
    password,
    options: captchaOptions(captcha_token),
  });
  if (error?.code === "invalid_credentials" || error?.code === "user_banned") {
    throw invalidCredentials();
  }
  if (error) throw fromAuth(error);
  return toSignedIn(data.session);
}

export function login(app: App) {
  app.openapi(route, async (c) => {
    const credentials = c.req.valid("json");
    await limitAttempt(c, "sign_in", credentials.email);
    const session = await countFailure(
      c,
      credentials.email,
      () => withRefusalDelay(() => signIn(c, credentials)),
    );
    return c.json(session, 200);
  });
}
