import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";
import { line } from "./input.ts";

const Type = z.enum(["text", "number", "boolean", "date", "choice", "choices"]);
const Key = z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, "must be like program_of_study");

const LeadField = z.object({
  key: Key.openapi({ example: "program" }),
  label: z.string().openapi({ example: "Program" }),
  type: Type,
  required: z.boolean(),
  choices: z.array(z.string()).openapi({ example: ["MBA", "BSc"] }),
}).openapi("LeadField");

const LeadFieldInput = z.object({
  key: Key.openapi({ example: "program" }),
  label: line(100).pipe(z.string().min(1)).openapi({ type: "string", example: "Program" }),
  type: Type.openapi({ example: "choice" }),
  required: z.boolean().default(false),
  choices: z.array(line(100).pipe(z.string().min(1))).max(200).default([])
    .openapi({ type: "array", items: { type: "string" }, example: ["MBA", "BSc"] }),
}).refine(({ type, choices }) => type.startsWith("choice") === choices.length > 0, {
  path: ["choices"],
  message: "are required for the types choice and choices, and only for these",
}).refine(({ choices }) => new Set(choices).size === choices.length, {
  path: ["choices"],
  message: "must be distinct",
}).openapi("LeadFieldInput");

const LeadFieldsInput = z.object({ fields: z.array(LeadFieldInput).max(100) })
  .refine(({ fields }) => new Set(fields.map(({ key }) => key)).size === fields.length, {
    path: ["fields"],
    message: "must have distinct keys",
  }).openapi("LeadFieldsInput");

const LeadFields = z.object({ data: z.array(LeadField) }).openapi("LeadFields");

const read = createRoute({
  method: "get",
  path: "/fields",
  operationId: "getLeadFields",
  tags: ["leads"],
  summary: "The organization's custom lead fields, in order",
  ...permitted("leads:read"),
  responses: { 200: json(LeadFields, "The fields"), ...guarded },
});

const replace = createRoute({
  method: "put",
  path: "/fields",
  operationId: "setLeadFields",
  tags: ["leads"],
  summary: "Replace the organization's custom lead fields",
  description: "Values of a removed field or choice stay in the leads, but can no longer be " +
    "written. A type changes only if all values fit the new one; otherwise 409 " +
    "`values_do_not_fit` has the numbers of affected leads in `leads_by_field`.",
  ...permitted("leads:configure"),
  request: { body: jsonBody(LeadFieldsInput) },
  responses: { 200: json(LeadFields, "The fields"), ...guarded, ...problems(400, 409, 422) },
});

/** GET and PUT /leads/fields. */
export function leadFieldRoutes(app: App) {
  app.openapi(read, async (c) => {
    const answer = await c.var.db.rpc("lead_fields", {
      organization_id: c.var.actor.organizationId,
    });
    return c.json({ data: z.array(LeadField).parse(unwrap(answer)) }, 200);
  });
  app.openapi(replace, async (c) => {
    const answer = await c.var.db.rpc("set_lead_fields", {
      organization_id: c.var.actor.organizationId,
      fields: c.req.valid("json").fields,
    });
    return c.json({ data: z.array(LeadField).parse(unwrap(answer)) }, 200);
  });
}
