import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Problem, problems } from "../_shared/problem.ts";
import { jsonBody } from "../_shared/route.ts";
import { limitAttempt } from "./guard.ts";
import { authClient, fromAuth } from "./provider.ts";
import { NewPassword } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/password/reset",
  operationId: "resetPassword",
  tags: ["auth"],
  summary: "Choose a new password",
  description:
    "Needs the token_hash of the link in the e-mail, which works once. All sessions of the person end.",
  security: [],
  request: {
    body: jsonBody(
      z.object({
        token_hash: z.string().regex(/^[\w-]{1,200}$/, "is not a token").openapi({
          example: "4de9fb087a820363ddbd7ca375254be5c18998bc",
        }),
        password: NewPassword,
      }).openapi("ResetPassword"),
    ),
  },
  responses: { 204: { description: "Changed; sign in with it" }, ...problems(400, 401, 422, 429) },
});

export function resetPassword(app: App) {
  app.openapi(route, async (c) => {
    const { token_hash, password } = c.req.valid("json");
    // The token names no account and is derived from a six-digit code, so attempts are few.
    await limitAttempt(c, "reset");
    const auth = authClient(c);
    const verified = await auth.verifyOtp({ token_hash, type: "recovery" });
    const refused = verified.error?.status;
    if (refused !== undefined && refused >= 400 && refused < 500 && refused !== 429) {
      throw new Problem(
        401,
        "invalid_reset_token",
        "The link is no longer valid. Request a new one.",
      );
    }
    if (verified.error) throw fromAuth(verified.error);
    const changed = await auth.updateUser({ password });
    if (changed.error) throw fromAuth(changed.error);
    const ended = await auth.signOut({ scope: "global" });
    if (ended.error) throw fromAuth(ended.error);
    return c.body(null, 204);
  });
}
