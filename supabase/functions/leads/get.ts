import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Lead, toLead } from "./schemas.ts";
import { Student, toStudent } from "./students/schemas.ts";
import { etag } from "../_shared/version.ts";

const Count = z.int().nullable().openapi({
  description: "null: the caller may not see them",
  example: 2,
});

const Counts = z.object({
  students: z.int(),
  interactions: Count,
  open_tasks: Count,
  messages: Count,
});

const LeadDetail = Lead.extend({
  students: z.array(Student).openapi({ description: "The first 50" }),
  counts: Counts,
}).openapi("LeadDetail");

const Further = z.object({ students: z.array(z.unknown()), counts: Counts });

const route = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getLead",
  tags: ["leads"],
  summary: "One lead with its students and the numbers of its other records",
  ...permitted("leads:read"),
  request: { params: IdParam },
  responses: { 200: json(LeadDetail, "The lead"), ...guarded, ...problems(404, 422) },
});

export function getLead(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("get_lead", {
      organization_id: c.var.actor.organizationId,
      lead_id: c.req.valid("param").id,
    });
    const row = unwrap(answer, "lead");
    const lead = toLead(row);
    const { students, counts } = Further.parse(row);
    c.header("etag", etag(lead));
    return c.json({ ...lead, students: students.map(toStudent), counts }, 200);
  });
}
