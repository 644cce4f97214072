import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, requireChange, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { Template, TemplateChange, toTemplate } from "./schemas.ts";

const route = createRoute({
  method: "patch",
  path: "/{id}",
  operationId: "updateTemplate",
  tags: ["templates"],
  summary: "Change a template",
  description:
    "409 `template_in_use` while a running campaign uses it: pause the campaign first. " +
    "Variants that recipients of a paused campaign were given can be edited, not removed.",
  ...permitted("templates:write"),
  request: { params: IdParam, body: jsonBody(TemplateChange) },
  responses: { 200: json(Template, "The template"), ...guarded, ...problems(400, 404, 409, 422) },
});

export function updateTemplate(app: App) {
  app.openapi(route, async (c) => {
    const change = c.req.valid("json");
    requireChange(change);
    const answer = await c.var.db.rpc("update_template", {
      organization_id: c.var.actor.organizationId,
      template_id: c.req.valid("param").id,
      change,
    });
    return c.json(toTemplate(unwrap(answer, "template")), 200);
  });
}
