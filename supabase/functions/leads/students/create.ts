import { createRoute } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { problems, unwrap } from "../../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../../_shared/route.ts";
import { Student, StudentInput, toStudent } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/{id}/students",
  operationId: "createStudent",
  tags: ["leads"],
  summary: "Add a student to a lead",
  ...permitted("leads:write"),
  request: { params: IdParam, headers: IdempotencyHeader, body: jsonBody(StudentInput) },
  responses: { 201: json(Student, "The new student"), ...guarded, ...problems(400, 404, 409, 422) },
});

export function createStudent(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("create_student", {
      organization_id: c.var.actor.organizationId,
      lead_id: c.req.valid("param").id,
      student: c.req.valid("json"),
    });
    return c.json(toStudent(unwrap(answer, "lead")), 201);
  });
}
