import { createRoute, z } from "../_shared/zod.ts";
import type { Context } from "hono";
import type { App } from "../_shared/app.ts";
import type { AppEnv } from "../_shared/context.ts";
import { env } from "../_shared/env.ts";
import { log } from "../_shared/log.ts";
import { problems } from "../_shared/problem.ts";
import { json, jsonBody } from "../_shared/route.ts";
import { keepAlive } from "../_shared/background.ts";
import { limitAttempt } from "./guard.ts";
import { authClient, captchaOptions } from "./provider.ts";
import { CaptchaToken, Email } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/password/forgot",
  operationId: "forgotPassword",
  tags: ["auth"],
  summary: "Ask for a link to choose a new password",
  description:
    "The answer is always the same: it does not reveal whether the address has an account.",
  security: [],
  request: {
    body: jsonBody(
      z.object({ email: Email, captcha_token: CaptchaToken }).openapi("ForgotPassword"),
    ),
  },
  responses: {
    202: json(
      z.object({ status: z.literal("accepted") }).openapi("ForgotPasswordAccepted"),
      "If the address has an account, a link will be sent",
    ),
    ...problems(400, 422, 429),
  },
});

async function sendLink(c: Context<AppEnv>, email: string, captcha?: string): Promise<void> {
  const appUrl = env.appUrl();
  const { error } = await authClient(c).resetPasswordForEmail(email, {
    ...(appUrl ? { redirectTo: new URL("/reset-password", appUrl).href } : {}),
    ...captchaOptions(captcha),
  });
  if (error) log("warn", "recovery_mail_failed", { request_id: c.var.requestId, code: error.code });
}

export function forgotPassword(app: App) {
  app.openapi(route, async (c) => {
    const { email, captcha_token } = c.req.valid("json");
    await limitAttempt(c, "recovery", email);
    // Sent after the answer, because Auth takes longer if the account exists.
    keepAlive(
      sendLink(c, email, captcha_token).catch((error) => {
        log("warn", "recovery_mail_failed", { request_id: c.var.requestId, cause: String(error) });
      }),
    );
    return c.json({ status: "accepted" as const }, 202);
  });
}
