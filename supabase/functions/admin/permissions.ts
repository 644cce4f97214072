import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Scope } from "./roles.ts";

const PermissionCatalogue = z.object({
  permissions: z.array(z.object({
    name: z.string().openapi({ example: "leads:read" }),
    description: z.string().openapi({ example: "See leads, their people and history" }),
    own_scope: Scope.nullable().openapi({
      description: "The caller's own, and so the widest that they may give; null: none",
    }),
    system_roles: z.record(z.string(), Scope).openapi({
      description: "The system roles that have it",
      example: { admin: "organization", manager: "team" },
    }),
  })),
}).openapi("PermissionCatalogue");

const route = createRoute({
  method: "get",
  path: "/permissions",
  operationId: "adminListPermissions",
  tags: ["admin"],
  summary: "All permissions, each with a sentence",
  description: "The names are those that each operation of this document requires " +
    "(x-permission). Scopes: own (rows that one holds or created), team, organization.",
  ...permitted("roles:manage"),
  responses: { 200: json(PermissionCatalogue, "The catalogue"), ...guarded },
});

/** GET /admin/permissions. */
export function permissions(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("list_permissions", {
      organization_id: c.var.actor.organizationId,
    });
    return c.json(PermissionCatalogue.parse({ permissions: unwrap(answer, "permission") }), 200);
  });
}
