import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, requireChange, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { PhoneNumber, PhoneNumberChange, toPhoneNumber } from "./schemas.ts";

const route = createRoute({
  method: "patch",
  path: "/{id}",
  operationId: "updatePhoneNumber",
  tags: ["phone-numbers"],
  summary: "Change a number, disable it, or end its cooldown",
  description:
    "409 `default_number` for disabling the default one while there are others. `status` active also " +
    "closes an open circuit. `credentials` is closed to API keys and impersonation (403 " +
    "`own_session_required`).",
  ...permitted("organization:update"),
  request: { params: IdParam, body: jsonBody(PhoneNumberChange) },
  responses: { 200: json(PhoneNumber, "The number"), ...guarded, ...problems(400, 404, 409, 422) },
});

export function updatePhoneNumber(app: App) {
  app.openapi(route, async (c) => {
    const change = c.req.valid("json");
    requireChange(change);
    const answer = await c.var.db.rpc("update_phone_number", {
      organization_id: c.var.actor.organizationId,
      number_id: c.req.valid("param").id,
      change,
    });
    return c.json(toPhoneNumber(unwrap(answer, "phone number")), 200);
  });
}
