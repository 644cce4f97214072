import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";
import { line } from "./input.ts";

const Types = z.object({
  data: z.array(z.object({
    key: z.string().openapi({ example: "outage" }),
    label: z.string().openapi({ example: "Outage" }),
    action: z.string().nullable().openapi({
      description: "What is recommended for a client that is likely to report one",
    }),
  })),
}).openapi("IncidentTypes");

const Replacement = z.object({
  types: z.array(z.object({
    key: z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, "is not a key such as power_cut"),
    label: line(100).pipe(z.string().min(1)).openapi({ type: "string" }),
    action: z.string().trim().min(1).max(1_000).nullable().optional(),
  })).min(1).max(100),
}).openapi("IncidentTypesInput");

const read = createRoute({
  method: "get",
  path: "/incident-types",
  operationId: "listIncidentTypes",
  tags: ["clients"],
  summary: "The kinds of issues that clients report, in order",
  ...permitted("clients:read"),
  responses: { 200: json(Types, "All types"), ...guarded },
});

const replace = createRoute({
  method: "put",
  path: "/incident-types",
  operationId: "replaceIncidentTypes",
  tags: ["clients"],
  summary: "Replace the incident types",
  description: "A type that issues have stays: 409 `incident_type_in_use`.",
  ...permitted("churn:configure"),
  request: { body: jsonBody(Replacement) },
  responses: { 200: json(Types, "All types"), ...guarded, ...problems(400, 409, 422) },
});

export function incidentTypes(app: App) {
  app.openapi(read, async (c) => {
    const organization_id = c.var.actor.organizationId;
    const data = unwrap(await c.var.db.rpc("incident_types", { organization_id }), "type");
    return c.json(Types.parse({ data }), 200);
  });
  app.openapi(replace, async (c) => {
    const answer = await c.var.db.rpc("incident_types", {
      organization_id: c.var.actor.organizationId,
      types: c.req.valid("json").types,
    });
    return c.json(Types.parse({ data: unwrap(answer, "type") }), 200);
  });
}
