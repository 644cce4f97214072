import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, IdParam, json, permitted } from "../_shared/route.ts";

const Queued = z.object({
  email_id: Id,
  to: z.string().openapi({ example: "comfort@example.com" }),
  status: z.literal("queued"),
}).openapi("ResentEmail");

const route = createRoute({
  method: "post",
  path: "/{id}/resend-email",
  operationId: "resendAssignmentEmail",
  tags: ["leads"],
  summary: "Resend the e-mail of the lead's assignment",
  description: "At most once a minute for a lead. 409 `not_assigned` without an assignee, " +
    "`not_by_email` if the assignee has turned off these e-mails.",
  ...permitted("leads:assign"),
  request: { params: IdParam, headers: IdempotencyHeader },
  responses: { 202: json(Queued, "Queued"), ...guarded, ...problems(400, 404, 409, 422, 429) },
});

export function resendAssignmentEmail(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("resend_assignment", {
      organization_id: c.var.actor.organizationId,
      lead_id: c.req.valid("param").id,
    });
    return c.json(Queued.parse(unwrap(answer, "lead")), 202);
  });
}
