import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { DuplicateQuery, leadFields, LeadInput } from "./input.ts";
import { Lead, toLead } from "./schemas.ts";
import { etag } from "../_shared/version.ts";

const route = createRoute({
  method: "post",
  path: "/",
  operationId: "createLead",
  tags: ["leads"],
  summary: "Add a lead",
  description:
    "A name, an e-mail address or a phone number is needed. Without `status` it enters " +
    "the first open stage. `assigned_to` is the caller, or somebody within the scope of leads:assign. " +
    "A number or address that another lead has is refused with 409 `duplicate_lead` and, if the " +
    "caller may see that lead, its `existing_id`.",
  ...permitted("leads:write"),
  request: { headers: IdempotencyHeader, query: DuplicateQuery, body: jsonBody(LeadInput) },
  responses: { 201: json(Lead, "The new lead"), ...guarded, ...problems(400, 409, 422) },
});

export function createLead(app: App) {
  app.openapi(route, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const answer = await c.var.db.rpc("create_lead", {
      organization_id: organizationId,
      lead: leadFields(c.req.valid("json"), organization),
      allow_duplicate: c.req.valid("query").allow_duplicate === "true",
    });
    const lead = toLead(unwrap(answer, "lead"));
    c.header("etag", etag(lead));
    return c.json(lead, 201);
  });
}
