import { createRoute, z } from "../_shared/zod.ts";
import { parseActor, requestedOrganization } from "../_shared/actor.ts";
import type { App } from "../_shared/app.ts";
import { clientOf } from "../_shared/clients.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { json } from "../_shared/route.ts";
import { signedIn } from "./guard.ts";

const Scope = z.enum(["own", "team", "organization"]);
const Role = z.string().openapi({ example: "operator" });

const Membership = z.object({
  organization_id: Id,
  organization_name: z.string().openapi({ example: "Nile Utility" }),
  organization_standing: z.enum(["sandbox", "approved", "suspended"]).openapi({
    description: "sandbox: messages and e-mails go to members only; suspended: no access",
  }),
  role: Role,
  status: z.enum(["active", "suspended"]),
  is_default: z.boolean().openapi({
    description: "Used without an X-Organization-Id header",
    example: true,
  }),
}).openapi("Membership");

const Me = z.object({
  profile: z.object({
    id: Id,
    email: z.string().openapi({ example: "ama@nileutility.com" }),
    full_name: z.string().openapi({ example: "Ama Mensah" }),
    phone: z.string().nullable().openapi({ description: "E.164", example: "+233244123456" }),
    phone_confirmed_at: Timestamp.nullable(),
    created_at: Timestamp,
  }),
  impersonator: z.object({ id: Id, full_name: z.string() }).nullable().openapi({
    description: "The admin who acts as this person with this token",
    example: null,
  }),
  memberships: z.array(Membership),
  organization: z.object({
    id: Id,
    name: z.string().openapi({ example: "Nile Utility" }),
    country: z.string().openapi({ example: "GH" }),
    time_zone: z.string().openapi({ example: "Africa/Accra" }),
    currency: z.string().openapi({ example: "GHS" }),
  }).nullable(),
  role: Role.nullable(),
  permissions: z.record(z.string(), Scope).openapi({
    example: { "customers:read": "organization" },
  }),
}).openapi("Me");

const Row = z.object({
  profile: Me.shape.profile,
  impersonator: Me.shape.impersonator,
  memberships: Me.shape.memberships,
  actor: z.unknown(),
});

const route = createRoute({
  method: "get",
  path: "/me",
  operationId: "getMe",
  tags: ["auth"],
  summary: "The caller, with memberships and permissions",
  description:
    "The organization is the one in X-Organization-Id, otherwise the only or the default one; null if there is none.",
  security: [{ bearer: [] }, { apiKey: [] }],
  request: {
    headers: z.object({
      "x-organization-id": z.string().optional().openapi({
        example: "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11",
      }),
    }),
  },
  responses: { 200: json(Me, "The caller"), ...problems(400, 401, 403) },
});

export function me(app: App) {
  app.openapi(route, async (c) => {
    const { token } = signedIn(c);
    const requested = requestedOrganization(c);
    const db = clientOf(token, c.var.requestHeaders, c.var.counter);
    const row = Row.parse(
      unwrap(await db.rpc("me", requested ? { organization_id: requested } : {})),
    );
    const actor = row.actor ? parseActor(row.actor) : null;
    return c.json({
      profile: {
        ...row.profile,
        phone_confirmed_at: isoTime(row.profile.phone_confirmed_at),
        created_at: isoTime(row.profile.created_at),
      },
      impersonator: row.impersonator,
      memberships: row.memberships,
      organization: actor?.organization ?? null,
      role: actor?.role ?? null,
      permissions: actor?.permissions ?? {},
    }, 200);
  });
}
