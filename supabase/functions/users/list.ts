import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { RoleKey, toUser, User, UserStatus } from "../_shared/user.ts";

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listUsers",
  tags: ["users"],
  summary: "List the people of the organization",
  description: "By name. People who have not accepted their invitation are in /users/invitations.",
  ...permitted("members:manage"),
  request: {
    query: PageQuery.extend({
      search: z.string().trim().max(200).optional()
        .openapi({ description: "Part of a name or e-mail address" }),
      role: RoleKey.optional(),
      status: UserStatus.optional(),
      team_id: z.uuid().optional(),
    }),
  },
  responses: {
    200: json(pageOf(User).openapi("UserPage"), "A page of people"),
    ...guarded,
    ...problems(422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function listUsers(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_users", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "user"));
    return c.json({ data: page.rows.map(toUser), total: page.total, limit, offset }, 200);
  });
}
