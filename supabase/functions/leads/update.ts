import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Problem, problems, requireChange, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { DuplicateQuery, LeadChange, leadFields } from "./input.ts";
import { Lead, toLead } from "./schemas.ts";
import { etag, expectedVersion, IfMatchHeader } from "../_shared/version.ts";

const route = createRoute({
  method: "patch",
  path: "/{id}",
  operationId: "updateLead",
  tags: ["leads"],
  summary: "Change a lead",
  description: "Fields that are left out stay unchanged; `custom_fields` are merged key by key, " +
    "null removes one. With If-Match or `version` a lead that was changed in between is not " +
    "overwritten: 409 `stale_version` has it as `current`. `status` and `assigned_to` may be " +
    "repeated, but are changed by PATCH /leads/{id}/status and /assign.",
  ...permitted("leads:write"),
  request: {
    params: IdParam,
    headers: IfMatchHeader,
    query: DuplicateQuery,
    body: jsonBody(LeadChange),
  },
  responses: { 200: json(Lead, "The lead"), ...guarded, ...problems(400, 404, 409, 422) },
});

const Outcome = z.union([z.object({ lead: z.unknown() }), z.object({ stale: z.unknown() })]);

export function updateLead(app: App) {
  app.openapi(route, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const { version, ...body } = c.req.valid("json");
    const expected = expectedVersion(c.req.valid("header")["if-match"], version);
    const change = leadFields(body, organization);
    requireChange(change);
    const answer = await c.var.db.rpc("update_lead", {
      organization_id: organizationId,
      lead_id: c.req.valid("param").id,
      change,
      ...(expected === undefined ? {} : { expected_version: expected }),
      allow_duplicate: c.req.valid("query").allow_duplicate === "true",
    });
    const outcome = Outcome.parse(unwrap(answer, "lead"));
    if ("stale" in outcome) {
      throw new Problem(409, "stale_version", "Somebody changed the lead since you read it.", {
        members: { current: toLead(outcome.stale) },
      });
    }
    const lead = toLead(outcome.lead);
    c.header("etag", etag(lead));
    return c.json(lead, 200);
  });
}
