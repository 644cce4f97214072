import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Problem, problems } from "../_shared/problem.ts";
import { json, jsonBody } from "../_shared/route.ts";
import { authClient, fromAuth, toSignedIn } from "./provider.ts";
import { SignedIn } from "./schemas.ts";

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
      z.object({ refresh_token: z.string().min(1).max(4000).openapi({ example: "v1.Mr5zKp0a…" }) })
        .openapi("RefreshRequest"),
    ),
  },
  responses: { 200: json(SignedIn, "The new session"), ...problems(400, 401, 422, 429) },
});

const invalidToken = () =>
  new Problem(401, "invalid_refresh_token", "The refresh token is not valid. Sign in again.");

export function refresh(app: App) {
  app.openapi(route, async (c) => {
    const { refresh_token } = c.req.valid("json");
    // Auth would answer 500 to characters that the database cannot store.
    if (!/^[\x21-\x7e]+$/.test(refresh_token)) throw invalidToken();
    const { data, error } = await authClient(c).refreshSession({ refresh_token });
    // Auth has many codes for an invalid token (unknown, used, expired, malformed, banned user).
    const status = error?.status ?? 0;
    if (status >= 400 && status < 500 && status !== 429) throw invalidToken();
    if (error) throw fromAuth(error);
    if (!data.session) throw invalidToken();
    return c.json(toSignedIn(data.session), 200);
  });
}
