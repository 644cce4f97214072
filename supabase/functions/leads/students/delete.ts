import { createRoute } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { ensure, problems } from "../../_shared/problem.ts";
import { guarded, permitted } from "../../_shared/route.ts";
import { StudentParams } from "./schemas.ts";

const route = createRoute({
  method: "delete",
  path: "/{id}/students/{student_id}",
  operationId: "deleteStudent",
  tags: ["leads"],
  summary: "Delete a student",
  ...permitted("leads:write"),
  request: { params: StudentParams },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 422) },
});

export function deleteStudent(app: App) {
  app.openapi(route, async (c) => {
    const { id, student_id } = c.req.valid("param");
    ensure(
      await c.var.db.rpc("delete_student", {
        organization_id: c.var.actor.organizationId,
        lead_id: id,
        student_id,
      }),
    );
    return c.body(null, 204);
  });
}
