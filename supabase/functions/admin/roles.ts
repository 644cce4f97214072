import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { RoleKey } from "../_shared/user.ts";

/** How far a permission reaches. */
export const Scope = z.enum(["own", "team", "organization"]);

const Permissions = z.record(z.string(), Scope).openapi({
  description: "Names of GET /admin/permissions with their scopes",
  example: { "leads:read": "team" },
});

const RoleName = z.string().trim().min(1).max(100).refine(isPlain, plainMessage)
  .openapi({ example: "Night shift" });
const Description = z.string().trim().max(500).refine(isPlain, plainMessage);

const Role = z.object({
  id: Id,
  key: z.string().openapi({ example: "night_shift" }),
  name: z.string().openapi({ example: "Night shift" }),
  description: z.string(),
  permissions: Permissions,
  is_system: z.boolean(),
  members: z.int().openapi({
    description: "People of this organization, suspended ones too",
    example: 3,
  }),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("Role");

const RoleInput = z.object({
  key: RoleKey.optional().openapi({ description: "Made of the name if left out; never changes" }),
  name: RoleName,
  description: Description.optional(),
  permissions: Permissions,
}).openapi("RoleInput");

const RoleChange = z.object({
  name: RoleName.optional(),
  description: Description.optional(),
  permissions: Permissions.optional().openapi({ description: "Replaces all permissions" }),
}).refine((change) => Object.keys(change).length > 0, "Give at least one field to change.")
  .openapi("RoleChange");

function toRole(row: unknown): z.infer<typeof Role> {
  const role = Role.parse(row);
  return { ...role, created_at: isoTime(role.created_at), updated_at: isoTime(role.updated_at) };
}

const rule = "Nobody gives or takes a permission or scope that they do not have themselves (403 " +
  "role_exceeds_own). A change takes effect with the very next request. ";

const list = createRoute({
  method: "get",
  path: "/roles",
  operationId: "adminListRoles",
  tags: ["admin"],
  summary: "List the system roles and the organization's own",
  ...permitted("members:read"),
  responses: { 200: json(z.array(Role), "All roles"), ...guarded },
});

const create = createRoute({
  method: "post",
  path: "/roles",
  operationId: "adminCreateRole",
  tags: ["admin"],
  summary: "Create a role of the organization's own",
  description: `${rule}An organization has at most 100.`,
  ...permitted("roles:manage"),
  request: { body: jsonBody(RoleInput) },
  responses: { 201: json(Role, "The role"), ...guarded, ...problems(400, 409, 422) },
});

const change = createRoute({
  method: "patch",
  path: "/roles/{id}",
  operationId: "adminUpdateRole",
  tags: ["admin"],
  summary: "Change a role of the organization's own",
  description: `${rule}System roles cannot be changed (409 system_role).`,
  ...permitted("roles:manage"),
  request: { params: IdParam, body: jsonBody(RoleChange) },
  responses: { 200: json(Role, "The role"), ...guarded, ...problems(400, 404, 409, 422) },
});

/** GET and POST /admin/roles, PATCH /admin/roles/{id}. */
export function roles(app: App) {
  app.openapi(list, async (c) => {
    const answer = await c.var.db.rpc("list_roles", {
      organization_id: c.var.actor.organizationId,
    });
    return c.json(z.array(z.unknown()).parse(unwrap(answer, "role")).map(toRole), 200);
  });
  app.openapi(create, async (c) => {
    const answer = await c.var.db.rpc("save_role", {
      organization_id: c.var.actor.organizationId,
      role: c.req.valid("json"),
    });
    return c.json(toRole(unwrap(answer, "role")), 201);
  });
  app.openapi(change, async (c) => {
    const answer = await c.var.db.rpc("save_role", {
      organization_id: c.var.actor.organizationId,
      role: c.req.valid("json"),
      role_id: c.req.valid("param").id,
    });
    return c.json(toRole(unwrap(answer, "role")), 200);
  });
}
