import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Problem, problems } from "../_shared/problem.ts";
import { json, jsonBody } from "../_shared/route.ts";
import { authClient, fromAuth, toSignedIn } from "./provider.ts";
import { AuthToken, SignedIn } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/refresh",
  operationId: "refreshSession",
  tags: ["auth"],
  summary: "Exchange a refresh token for a new session",
  description: "A refresh token works once.",
  security: [],
  request: {
    body: jsonBody(
      z.object({ refresh_token: AuthToken.openapi({ example: "v1.Mr5zKp0a…" }) })
        .openapi("RefreshRequest"),
    ),
  },
  responses: { 200: json(SignedIn, "The new session"), ...problems(400, 401, 422, 429) },
});

export function refresh(app: App) {
  app.openapi(route, async (c) => {
    const { refresh_token } = c.req.valid("json");
    const { data, error } = await authClient(c).auth.refreshSession({ refresh_token });
    // Auth has many codes for an invalid token (unknown, used, expired, malformed, banned user).
    if (
      error && error.status !== undefined && error.status >= 400 && error.status < 500 &&
      error.status !== 429
    ) {
      throw new Problem(
        401,
        "invalid_refresh_token",
        "The refresh token is not valid. Sign in again.",
      );
    }
    if (error) throw fromAuth(error);
    if (!data.session) {
      throw new Problem(
        401,
        "invalid_refresh_token",
        "The refresh token is not valid. Sign in again.",
      );
    }
    return c.json(toSignedIn(data.session), 200);
  });
}
