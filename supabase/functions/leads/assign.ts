import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { AppEnv } from "../_shared/context.ts";
import type { Context } from "hono";
import { problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import { Assignee, assignmentDetails } from "./assignment.ts";
import { Lead, toLead } from "./schemas.ts";

const Assignment = z.object({
  assigned_to: Assignee.nullable().openapi({ description: "null unassigns the lead" }),
  ...assignmentDetails,
}).openapi("LeadAssignment");

const shared = {
  path: "/{id}/assign" as const,
  tags: ["leads"],
  summary: "Assign a lead to a person",
  description: "Recorded in the lead's history; the person is notified in the application and by " +
    "e-mail. A person at capacity is refused with 409 `over_capacity`. People off duty can be " +
    "chosen: only the strategies of POST /leads/bulk-assign skip them. Assigning to the current " +
    "assignee changes only the deadline, if one is given.",
  responses: { 200: json(Lead, "The lead"), ...guarded, ...problems(400, 404, 409, 422) },
};

const patch = createRoute({
  ...shared,
  ...permitted("leads:assign"),
  method: "patch",
  operationId: "assignLead",
  request: { params: IdParam, body: jsonBody(Assignment) },
});

const post = createRoute({
  ...shared,
  ...permitted("leads:assign"),
  method: "post",
  operationId: "assignLeadByPost",
  request: { params: IdParam, headers: IdempotencyHeader, body: jsonBody(Assignment) },
});

async function assign(
  c: Context<AppEnv>,
  leadId: string,
  { assigned_to, note, deadline }: z.infer<typeof Assignment>,
) {
  const answer = await c.var.db.rpc("assign_lead", {
    organization_id: c.var.actor.organizationId,
    lead_id: leadId,
    ...(assigned_to === null ? {} : { assigned_to }),
    ...(note ? { note } : {}),
    ...(deadline ? { deadline } : {}),
  });
  return toLead(unwrap(answer, "lead"));
}

export function assignLead(app: App) {
  app.openapi(
    patch,
    async (c) => c.json(await assign(c, c.req.valid("param").id, c.req.valid("json")), 200),
  );
  app.openapi(
    post,
    async (c) => c.json(await assign(c, c.req.valid("param").id, c.req.valid("json")), 200),
  );
}
