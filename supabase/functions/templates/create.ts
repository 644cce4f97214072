import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { Template, TemplateInput, toTemplate } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/",
  operationId: "createTemplate",
  tags: ["templates"],
  summary: "Add a template",
  ...permitted("templates:write"),
  request: { headers: IdempotencyHeader, body: jsonBody(TemplateInput) },
  responses: { 201: json(Template, "The new template"), ...guarded, ...problems(400, 409, 422) },
});

export function createTemplate(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("create_template", {
      organization_id: c.var.actor.organizationId,
      template: c.req.valid("json"),
    });
    return c.json(toTemplate(unwrap(answer, "template")), 201);
  });
}
