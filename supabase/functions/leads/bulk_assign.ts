import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { Assignee, assignmentDetails } from "./assignment.ts";

const Request = z.object({
  lead_ids: z.array(z.uuid()).min(1).max(10_000),
  assigned_to: Assignee.nullable().optional().openapi({
    description: "Assigns all to this person; null unassigns them",
  }),
  strategy: z.enum(["round_robin", "least_loaded"]).optional().openapi({
    description: "By turns, continuing after the last request, or to the people with the fewest " +
      "open leads. People off duty or at capacity are skipped",
  }),
  among: z.array(Assignee).min(1).max(500).optional().openapi({
    description: "The people among whom the strategy distributes",
  }),
  ...assignmentDetails,
}).refine((body) => (body.assigned_to === undefined) !== (body.strategy === undefined), {
  path: ["assigned_to"],
  message: "Give either assigned_to or a strategy.",
}).refine((body) => (body.strategy === undefined) === (body.among === undefined), {
  path: ["among"],
  message: "Required with a strategy, and only with one.",
}).openapi("BulkAssignment");

const Result = z.object({
  assigned: z.int().openapi({ description: "Number of assigned leads", example: 240 }),
  skipped: z.array(z.object({
    lead_id: Id,
    reason: z.enum([
      "not_found",
      "not_allowed",
      "already_assigned",
      "over_capacity",
      "nobody_available",
      "closed",
    ]),
  })).openapi({
    description: "The others, in the order of the request. nobody_available: all are off duty or " +
      "at capacity; closed: strategies distribute open leads only",
  }),
  by_user: z.record(z.string(), z.int()).openapi({
    description: "Number of leads assigned to each person",
    example: { "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11": 240 },
  }),
}).openapi("BulkAssignmentResult");

const route = createRoute({
  method: "post",
  path: "/bulk-assign",
  operationId: "bulkAssignLeads",
  tags: ["leads"],
  summary: "Assign up to 10,000 leads",
  description: "One transaction. Leads that cannot be assigned are skipped, with the reason. " +
    "A person who gets more than ten at once receives a single notification.",
  ...permitted("leads:assign"),
  request: { headers: IdempotencyHeader, body: jsonBody(Request) },
  responses: {
    200: json(Result, "The result for the leads"),
    ...guarded,
    ...problems(400, 409, 413, 422),
  },
});

export function bulkAssignLeads(app: App) {
  app.openapi(route, async (c) => {
    const { lead_ids, assigned_to, strategy, among, note, deadline } = c.req.valid("json");
    const answer = await c.var.db.rpc("bulk_assign", {
      organization_id: c.var.actor.organizationId,
      lead_ids,
      choice: strategy === undefined || among === undefined
        ? { assigned_to: assigned_to ?? null }
        : { strategy, among },
      ...(note ? { note } : {}),
      ...(deadline ? { deadline } : {}),
    });
    return c.json(Result.parse(unwrap(answer, "lead")), 200);
  });
}
