import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { PhoneNumber, PhoneNumberInput, toPhoneNumber } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/",
  operationId: "createPhoneNumber",
  tags: ["phone-numbers"],
  summary: "Add a number",
  description: "The first one is the default. A Twilio number belongs to one organization only.",
  ...permitted("organization:update"),
  request: { headers: IdempotencyHeader, body: jsonBody(PhoneNumberInput) },
  responses: { 201: json(PhoneNumber, "The new number"), ...guarded, ...problems(400, 409, 422) },
});

export function createPhoneNumber(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("create_phone_number", {
      organization_id: c.var.actor.organizationId,
      number: c.req.valid("json"),
    });
    return c.json(toPhoneNumber(unwrap(answer, "phone number")), 201);
  });
}
