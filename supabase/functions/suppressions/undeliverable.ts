import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { ensure, problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";
import { PhoneInput, phoneOf, Reason, Rows, toUndeliverable, Undeliverable } from "./schemas.ts";

const list = createRoute({
  method: "get",
  path: "/undeliverable",
  operationId: "listUndeliverableNumbers",
  tags: ["suppressions"],
  summary: "Numbers that cannot be reached, as their providers say; newest first",
  ...permitted("suppressions:read"),
  request: {
    query: PageQuery.extend({
      phone: PhoneInput.optional(),
      state: z.enum(["active", "lifted"]).optional(),
    }),
  },
  responses: {
    200: json(pageOf(Undeliverable).openapi("UndeliverableNumberPage"), "A page of numbers"),
    ...guarded,
    ...problems(422),
  },
});

const Lifted = z.object({ phone: PhoneInput, reason: Reason }).openapi("UndeliverableNumberLift");

const lift = createRoute({
  method: "post",
  path: "/undeliverable/lift",
  operationId: "liftUndeliverableNumber",
  tags: ["suppressions"],
  summary: "Let a number that could not be reached be texted again",
  description: "A message from the number itself does the same.",
  ...permitted("suppressions:write"),
  request: { body: jsonBody(Lifted) },
  responses: { 204: { description: "Lifted" }, ...guarded, ...problems(400, 404, 422) },
});

/** GET /suppressions/undeliverable, POST /suppressions/undeliverable/lift. */
export function undeliverableRoutes(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset, phone, state } = c.req.valid("query");
    const { organizationId, organization } = c.var.actor;
    const answer = await c.var.db.rpc("list_undeliverable", {
      organization_id: organizationId,
      filters: definedOnly({ state, phone: phone && phoneOf(phone, organization.country) }),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Rows.parse(unwrap(answer));
    return c.json({ data: page.rows.map(toUndeliverable), total: page.total, limit, offset }, 200);
  });
  app.openapi(lift, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const { phone, reason } = c.req.valid("json");
    ensure(
      await c.var.db.rpc("lift_undeliverable", {
        organization_id: organizationId,
        phone: phoneOf(phone, organization.country),
        reason,
      }),
    );
    return c.body(null, 204);
  });
}
