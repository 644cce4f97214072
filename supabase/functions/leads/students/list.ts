import { createRoute, z } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { pageOf, PageQuery } from "../../_shared/page.ts";
import { problems, unwrap } from "../../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../../_shared/route.ts";
import { Student, toStudent } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/{id}/students",
  operationId: "listStudents",
  tags: ["leads"],
  summary: "The students of a lead",
  ...permitted("leads:read"),
  request: { params: IdParam, query: PageQuery },
  responses: {
    200: json(pageOf(Student).openapi("StudentPage"), "A page of students"),
    ...guarded,
    ...problems(404, 422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function listStudents(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_students", {
      organization_id: c.var.actor.organizationId,
      lead_id: c.req.valid("param").id,
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "lead"));
    return c.json({ data: page.rows.map(toStudent), total: page.total, limit, offset }, 200);
  });
}
