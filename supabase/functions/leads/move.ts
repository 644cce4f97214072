import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { isMultiline, multilineMessage } from "../_shared/plain_text.ts";
import { Problem, problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { Lead, Status, toLead } from "./schemas.ts";
import { etag, expectedVersion, IfMatchHeader } from "../_shared/version.ts";

const Move = z.object({
  status: Status,
  note: z.string().trim().max(2_000).refine(isMultiline, multilineMessage).optional().openapi({
    example: "Asked for a quote",
  }),
  version: z.int().min(1).optional().openapi({
    description: "The version that was read, like If-Match",
  }),
}).openapi("LeadMove");

const route = createRoute({
  method: "patch",
  path: "/{id}/status",
  operationId: "moveLead",
  tags: ["leads"],
  summary: "Move a lead to another stage",
  description: "Recorded in the lead's history with the time in the previous stage. " +
    "If the stage defines its next stages, any other is refused with 409 " +
    "`stage_not_allowed`, which lists them as `allowed`. Moving to the current stage changes nothing.",
  ...permitted("leads:write"),
  request: { params: IdParam, headers: IfMatchHeader, body: jsonBody(Move) },
  responses: { 200: json(Lead, "The lead"), ...guarded, ...problems(400, 404, 409, 422) },
});

const Outcome = z.union([z.object({ lead: z.unknown() }), z.object({ stale: z.unknown() })]);

export function moveLead(app: App) {
  app.openapi(route, async (c) => {
    const { status, note, version } = c.req.valid("json");
    const expected = expectedVersion(c.req.valid("header")["if-match"], version);
    const answer = await c.var.db.rpc("move_lead", {
      organization_id: c.var.actor.organizationId,
      lead_id: c.req.valid("param").id,
      status,
      ...(note ? { note } : {}),
      ...(expected === undefined ? {} : { expected_version: expected }),
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
