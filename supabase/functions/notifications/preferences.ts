import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";
import { Preferences, PreferencesChange } from "./schemas.ts";

const read = createRoute({
  method: "get",
  path: "/preferences",
  operationId: "getNotificationPreferences",
  tags: ["notifications"],
  summary: "How the caller gets each kind of notification",
  ...permitted("notifications:read"),
  responses: { 200: json(Preferences, "All kinds"), ...guarded },
});

const change = createRoute({
  method: "put",
  path: "/preferences",
  operationId: "setNotificationPreferences",
  tags: ["notifications"],
  summary: "Choose which kinds of notification arrive in the application and by e-mail",
  description: "Kinds and channels that are left out are not changed.",
  ...permitted("notifications:read"),
  request: { body: jsonBody(PreferencesChange) },
  responses: { 200: json(Preferences, "All kinds"), ...guarded, ...problems(400, 422) },
});

export function getPreferences(app: App) {
  app.openapi(read, async (c) => {
    const organization_id = c.var.actor.organizationId;
    const answer = await c.var.db.rpc("notification_preferences", { organization_id });
    return c.json(Preferences.parse({ data: unwrap(answer) }), 200);
  });
}

export function setPreferences(app: App) {
  app.openapi(change, async (c) => {
    const answer = await c.var.db.rpc("notification_preferences", {
      organization_id: c.var.actor.organizationId,
      changes: c.req.valid("json").data.map((preference) => ({ ...preference })),
    });
    return c.json(Preferences.parse({ data: unwrap(answer) }), 200);
  });
}
