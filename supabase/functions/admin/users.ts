import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { PageQuery } from "../_shared/page.ts";
import { ensure, problems, requireChange, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { FullName, RoleKey, toUser, User, UserStatus } from "../_shared/user.ts";

const AdminUserPage = z.object({
  users: z.array(User),
  total: z.int().openapi({ example: 1 }),
  page: z.int().openapi({ example: 1 }),
  limit: z.int().openapi({ example: 50 }),
}).openapi("AdminUserPage");

const list = createRoute({
  method: "get",
  path: "/users",
  operationId: "adminListUsers",
  tags: ["admin"],
  summary: "List the people of the organization",
  description: "By name. API keys are not people.",
  ...permitted("members:manage"),
  request: {
    query: PageQuery.extend({
      page: z.coerce.number().int().min(1).max(5_000).optional()
        .openapi({ description: "Starts at 1; replaces offset", example: 1 }),
      search: z.string().trim().max(200).optional()
        .openapi({ description: "Part of a name or e-mail address" }),
      role: RoleKey.optional(),
      status: UserStatus.optional(),
      team_id: z.uuid().optional(),
    }),
  },
  responses: { 200: json(AdminUserPage, "A page of people"), ...guarded, ...problems(422) },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

/** GET /admin/users. */
export function listUsers(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset, page, ...filters } = c.req.valid("query");
    const skipped = page === undefined ? offset : (page - 1) * limit;
    const answer = await c.var.db.rpc("list_users", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: skipped,
    });
    const { total, rows } = Page.parse(unwrap(answer, "user"));
    return c.json(
      { users: rows.map(toUser), total, page: Math.floor(skipped / limit) + 1, limit },
      200,
    );
  });
}

const AdminUserChange = z.object({
  full_name: FullName.optional(),
  email: z.string().trim().toLowerCase().max(254).optional().openapi({
    description: "Only the present address: the person changes it (403 email_is_personal)",
  }),
  role: RoleKey.optional(),
  team_id: z.uuid().nullable().optional(),
  status: UserStatus.optional(),
}).openapi("AdminUserChange");

const update = createRoute({
  method: "patch",
  path: "/users/{id}",
  operationId: "adminUpdateUser",
  tags: ["admin"],
  summary: "Change a person's role, team, status or name",
  description: "As PATCH /users/{id}. An organization keeps an active admin (409 last_admin); " +
    "nobody gives or takes a role or team whose permissions they do not have (403 " +
    "role_exceeds_own). E-mail address, password and phone number are the person's own.",
  ...permitted("members:manage"),
  request: { params: IdParam, body: jsonBody(AdminUserChange) },
  responses: { 200: json(User, "The person"), ...guarded, ...problems(400, 404, 409, 422) },
});

/** PATCH /admin/users/{id}. */
export function updateUser(app: App) {
  app.openapi(update, async (c) => {
    const change = c.req.valid("json");
    requireChange(change);
    const answer = await c.var.db.rpc("update_user", {
      organization_id: c.var.actor.organizationId,
      user_id: c.req.valid("param").id,
      change,
    });
    return c.json(toUser(unwrap(answer, "user")), 200);
  });
}

const remove = createRoute({
  method: "delete",
  path: "/users/{id}",
  operationId: "adminRemoveUser",
  tags: ["admin"],
  summary: "Remove a person from the organization",
  description:
    "As DELETE /users/{id}: the membership ends, the account stays. With open leads or " +
    "tasks and without reassign_to it answers 409 has_open_leads (or has_open_tasks).",
  ...permitted("members:manage"),
  request: {
    params: IdParam,
    query: z.object({
      reassign_to: z.union([z.uuid(), z.literal("none")]).optional().openapi({
        description: "The new assignee of open leads and tasks, or none",
        example: "none",
      }),
    }),
  },
  responses: { 204: { description: "Removed" }, ...guarded, ...problems(404, 409, 422) },
});

/** DELETE /admin/users/{id}. */
export function removeUser(app: App) {
  app.openapi(remove, async (c) => {
    const { reassign_to } = c.req.valid("query");
    ensure(
      await c.var.db.rpc("remove_user", {
        organization_id: c.var.actor.organizationId,
        user_id: c.req.valid("param").id,
        ...(reassign_to === undefined ? {} : { reassign_to }),
      }),
    );
    return c.body(null, 204);
  });
}
