import { createRoute } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { problems, requireChange, unwrap } from "../../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../../_shared/route.ts";
import { Student, StudentChange, StudentParams, toStudent } from "./schemas.ts";

const route = createRoute({
  method: "patch",
  path: "/{id}/students/{student_id}",
  operationId: "updateStudent",
  tags: ["leads"],
  summary: "Change a student",
  description: "Fields that are left out stay unchanged.",
  ...permitted("leads:write"),
  request: { params: StudentParams, body: jsonBody(StudentChange) },
  responses: { 200: json(Student, "The student"), ...guarded, ...problems(400, 404, 422) },
});

export function updateStudent(app: App) {
  app.openapi(route, async (c) => {
    const { id, student_id } = c.req.valid("param");
    const change = c.req.valid("json");
    requireChange(change);
    const answer = await c.var.db.rpc("update_student", {
      organization_id: c.var.actor.organizationId,
      lead_id: id,
      student_id,
      change,
    });
    return c.json(toStudent(unwrap(answer, "student")), 200);
  });
}
