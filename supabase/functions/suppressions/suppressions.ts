import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { ensure, problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import {
  PhoneInput,
  phoneOf,
  Reason,
  Rows,
  Scope,
  Source,
  Suppression,
  toSuppression,
} from "./schemas.ts";

const list = createRoute({
  method: "get",
  path: "/",
  operationId: "listSuppressions",
  tags: ["suppressions"],
  summary: "Numbers that must not be texted, newest first; lifted ones are kept as history",
  ...permitted("suppressions:read"),
  request: {
    query: PageQuery.extend({
      phone: PhoneInput.optional(),
      scope: Scope.optional(),
      source: Source.optional(),
      state: z.enum(["active", "lifted"]).optional(),
    }),
  },
  responses: {
    200: json(pageOf(Suppression).openapi("SuppressionPage"), "A page of suppressions"),
    ...guarded,
    ...problems(422),
  },
});

const Input = z.object({
  phone: PhoneInput,
  scope: Scope.default("all"),
  source: z.enum(["manual", "litigator"]).default("manual"),
  reason: Reason.optional(),
}).openapi("SuppressionInput");

const create = createRoute({
  method: "post",
  path: "/",
  operationId: "createSuppression",
  tags: ["suppressions"],
  summary: "Suppress a number",
  description:
    "A number that is already suppressed in this scope stays as it is and is answered with 200.",
  ...permitted("suppressions:write"),
  request: { headers: IdempotencyHeader, body: jsonBody(Input) },
  responses: {
    200: json(Suppression, "The existing suppression"),
    201: json(Suppression, "The new suppression"),
    ...guarded,
    ...problems(400, 409, 422),
  },
});

const lift = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "liftSuppression",
  tags: ["suppressions"],
  summary: "Lift a suppression",
  description:
    "The reason is given in the query or in a JSON body. The consent ledger does not change: a number " +
    "that revoked consent gets no marketing before it consents again.",
  ...permitted("suppressions:write"),
  request: {
    params: IdParam,
    query: z.object({ reason: Reason.optional() }),
    body: {
      required: false,
      content: { "application/json": { schema: z.object({ reason: Reason.optional() }) } },
    },
  },
  responses: { 204: { description: "Lifted" }, ...guarded, ...problems(400, 404, 409, 422) },
});

const Created = z.object({ created: z.boolean(), suppression: z.unknown() });

/** GET and POST /suppressions, DELETE /suppressions/{id}. */
export function suppressionRoutes(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset, phone, ...filters } = c.req.valid("query");
    const { organizationId, organization } = c.var.actor;
    const answer = await c.var.db.rpc("list_suppressions", {
      organization_id: organizationId,
      filters: definedOnly({ ...filters, phone: phone && phoneOf(phone, organization.country) }),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Rows.parse(unwrap(answer));
    return c.json({ data: page.rows.map(toSuppression), total: page.total, limit, offset }, 200);
  });
  app.openapi(create, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const input = c.req.valid("json");
    const answer = await c.var.db.rpc("create_suppression", {
      organization_id: organizationId,
      suppression: { ...input, phone: phoneOf(input.phone, organization.country) },
    });
    const { created, suppression } = Created.parse(unwrap(answer));
    return c.json(toSuppression(suppression), created ? 201 : 200);
  });
  app.openapi(lift, async (c) => {
    const body = c.req.valid("json");
    ensure(
      await c.var.db.rpc("lift_suppression", {
        organization_id: c.var.actor.organizationId,
        suppression_id: c.req.valid("param").id,
        reason: c.req.valid("query").reason ?? body.reason ?? "",
      }),
    );
    return c.body(null, 204);
  });
}
