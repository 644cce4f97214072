import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems } from "../_shared/problem.ts";
import { signedIn } from "./guard.ts";
import { authClient, fromAuth } from "./provider.ts";

const route = createRoute({
  method: "post",
  path: "/logout",
  operationId: "logout",
  tags: ["auth"],
  summary: "End this session",
  description: "The refresh token stops working at once; the person's other sessions stay valid.",
  security: [{ bearer: [] }],
  responses: { 204: { description: "Signed out" }, ...problems(401) },
});

export function logout(app: App) {
  app.openapi(route, async (c) => {
    const { token } = signedIn(c);
    const { error } = await authClient(c).admin.signOut(token, "local");
    // A 4xx means that the session has already ended.
    if (error && (error.status === undefined || error.status >= 500 || error.status === 429)) {
      throw fromAuth(error);
    }
    return c.body(null, 204);
  });
}
