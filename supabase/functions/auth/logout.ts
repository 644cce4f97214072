import { createRoute } from "../_shared/zod.ts";
import type { Context } from "hono";
import type { App } from "../_shared/app.ts";
import { clientOf } from "../_shared/clients.ts";
import type { AppEnv } from "../_shared/context.ts";
import { fromPostgres, problems } from "../_shared/problem.ts";
import { signedIn } from "./guard.ts";
import { authClient, fromAuth } from "./provider.ts";

const route = createRoute({
  method: "post",
  path: "/logout",
  operationId: "logout",
  tags: ["auth"],
  summary: "End this session",
  description: "The refresh token stops working at once; the person's other sessions stay valid. " +
    "The token of an impersonation ends the impersonation.",
  security: [{ bearer: [] }],
  responses: { 204: { description: "Signed out" }, ...problems(401) },
});

/** Auth does not know the token of an impersonation. */
async function endImpersonation(c: Context<AppEnv>, token: string): Promise<void> {
  const db = clientOf(token, c.var.requestHeaders, c.var.counter);
  const { error } = await db.rpc("end_impersonation");
  if (error) throw fromPostgres(error);
}

export function logout(app: App) {
  app.openapi(route, async (c) => {
    const { token, delegation } = signedIn(c);
    if (delegation === "impersonation") {
      await endImpersonation(c, token);
      return c.body(null, 204);
    }
    const { error } = await authClient(c).admin.signOut(token, "local");
    // A 4xx means that the session has already ended.
    if (error && (error.status === undefined || error.status >= 500 || error.status === 429)) {
      throw fromAuth(error);
    }
    return c.body(null, 204);
  });
}
