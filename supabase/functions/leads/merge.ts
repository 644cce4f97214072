import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import { Lead, toLead } from "./schemas.ts";

const Merge = z.object({ duplicate_id: Id }).openapi("LeadMerge");

const route = createRoute({
  method: "post",
  path: "/{id}/merge",
  operationId: "mergeLeads",
  tags: ["leads"],
  summary: "Merge two leads",
  description: "The older lead remains, whichever is in the path, and gets the other's " +
    "interactions, tasks, students, messages, history, tags and missing values. " +
    "This cannot be undone. A repeat gets 409 `already_merged` with `merged_into`.",
  ...permitted("leads:delete"),
  request: { params: IdParam, headers: IdempotencyHeader, body: jsonBody(Merge) },
  responses: {
    200: json(Lead, "The lead that remains"),
    ...guarded,
    ...problems(400, 404, 409, 422),
  },
});

export function mergeLeads(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("merge_leads", {
      organization_id: c.var.actor.organizationId,
      lead_id: c.req.valid("param").id,
      duplicate_id: c.req.valid("json").duplicate_id,
    });
    return c.json(toLead(unwrap(answer, "lead")), 200);
  });
}
