import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly, Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";

const Team = z.object({
  id: Id,
  name: z.string().openapi({ example: "North" }),
  members: z.int().openapi({ description: "People, suspended ones too", example: 5 }),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("Team");

const TeamInput = z.object({
  name: z.string().trim().min(1).max(100).refine(isPlain, plainMessage)
    .openapi({ example: "North" }),
}).openapi("TeamInput");

function toTeam(row: unknown): z.infer<typeof Team> {
  const team = Team.parse(row);
  return { ...team, created_at: isoTime(team.created_at), updated_at: isoTime(team.updated_at) };
}

const list = createRoute({
  method: "get",
  path: "/teams",
  operationId: "adminListTeams",
  tags: ["admin"],
  summary: "List the teams of the organization",
  description: "By name, with their numbers of members.",
  ...permitted("members:manage"),
  request: {
    query: PageQuery.extend({
      search: z.string().trim().max(200).optional().openapi({ description: "Part of a name" }),
    }),
  },
  responses: {
    200: json(pageOf(Team).openapi("TeamPage"), "A page of teams"),
    ...guarded,
    ...problems(422),
  },
});

const create = createRoute({
  method: "post",
  path: "/teams",
  operationId: "adminCreateTeam",
  tags: ["admin"],
  summary: "Create a team",
  description: "People are put into it with PATCH /admin/users/{id}.",
  ...permitted("members:manage"),
  request: { body: jsonBody(TeamInput) },
  responses: { 201: json(Team, "The team"), ...guarded, ...problems(400, 409, 422) },
});

const rename = createRoute({
  method: "patch",
  path: "/teams/{id}",
  operationId: "adminRenameTeam",
  tags: ["admin"],
  summary: "Rename a team",
  ...permitted("members:manage"),
  request: { params: IdParam, body: jsonBody(TeamInput) },
  responses: { 200: json(Team, "The team"), ...guarded, ...problems(400, 404, 409, 422) },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

/** GET and POST /admin/teams, PATCH /admin/teams/{id}. */
export function teams(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset, search } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_teams", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly({ search }),
      page_limit: limit,
      page_offset: offset,
    });
    const { total, rows } = Page.parse(unwrap(answer, "team"));
    return c.json({ data: rows.map(toTeam), total, limit, offset }, 200);
  });
  app.openapi(create, async (c) => {
    const answer = await c.var.db.rpc("save_team", {
      organization_id: c.var.actor.organizationId,
      name: c.req.valid("json").name,
    });
    return c.json(toTeam(unwrap(answer, "team")), 201);
  });
  app.openapi(rename, async (c) => {
    const answer = await c.var.db.rpc("save_team", {
      organization_id: c.var.actor.organizationId,
      name: c.req.valid("json").name,
      team_id: c.req.valid("param").id,
    });
    return c.json(toTeam(unwrap(answer, "team")), 200);
  });
}
