import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Template, toTemplate } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getTemplate",
  tags: ["templates"],
  summary: "A template",
  ...permitted("templates:read"),
  request: { params: IdParam },
  responses: { 200: json(Template, "The template"), ...guarded, ...problems(404, 422) },
});

export function getTemplate(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("get_template", {
      organization_id: c.var.actor.organizationId,
      template_id: c.req.valid("param").id,
    });
    return c.json(toTemplate(unwrap(answer, "template")), 200);
  });
}
