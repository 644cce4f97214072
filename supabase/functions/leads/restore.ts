import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { DuplicateQuery } from "./input.ts";
import { Lead, toLead } from "./schemas.ts";
import { etag } from "../_shared/version.ts";

const route = createRoute({
  method: "post",
  path: "/{id}/restore",
  operationId: "restoreLead",
  tags: ["leads"],
  summary: "Restore a deleted lead",
  description:
    "A lead that is not deleted is unchanged. 409 `duplicate_lead` if another lead has " +
    "its number or address by now; 409 `merged` if the lead was merged.",
  ...permitted("leads:delete"),
  request: { params: IdParam, query: DuplicateQuery },
  responses: { 200: json(Lead, "The lead"), ...guarded, ...problems(404, 409, 422) },
});

export function restoreLead(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("restore_lead", {
      organization_id: c.var.actor.organizationId,
      lead_id: c.req.valid("param").id,
      allow_duplicate: c.req.valid("query").allow_duplicate === "true",
    });
    const lead = toLead(unwrap(answer, "lead"));
    c.header("etag", etag(lead));
    return c.json(lead, 200);
  });
}
