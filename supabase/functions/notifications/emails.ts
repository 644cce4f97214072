import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, IdParam, json, permitted } from "../_shared/route.ts";
import { Email, EmailStatus, toEmail } from "./schemas.ts";

const list = createRoute({
  method: "get",
  path: "/emails",
  operationId: "listEmails",
  tags: ["notifications"],
  summary: "The organization's e-mails, newest first, with status and reason",
  ...permitted("emails:manage"),
  request: {
    query: PageQuery.extend({
      status: EmailStatus.optional(),
      kind: z.string().max(100).optional(),
      to: z.string().trim().toLowerCase().max(254).optional(),
      lead_id: z.uuid().optional(),
    }),
  },
  responses: {
    200: json(pageOf(Email).openapi("EmailPage"), "A page of e-mails"),
    ...guarded,
    ...problems(422),
  },
});

const resend = createRoute({
  method: "post",
  path: "/emails/{id}/resend",
  operationId: "resendEmail",
  tags: ["notifications"],
  summary: "Send a failed e-mail again",
  description: "It gets three more attempts. A sent e-mail is sent again only with `force=true`.",
  ...permitted("emails:manage"),
  request: {
    params: IdParam,
    query: z.object({ force: z.enum(["true", "false"]).default("false") }),
    headers: IdempotencyHeader,
  },
  responses: { 202: json(Email, "Queued"), ...guarded, ...problems(400, 404, 409, 422, 429) },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function listEmails(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_emails", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const { rows, total } = Page.parse(unwrap(answer, "e-mail"));
    return c.json({ data: rows.map(toEmail), total, limit, offset }, 200);
  });
}

export function resendEmail(app: App) {
  app.openapi(resend, async (c) => {
    const answer = await c.var.db.rpc("resend_email", {
      organization_id: c.var.actor.organizationId,
      email_id: c.req.valid("param").id,
      force: c.req.valid("query").force === "true",
    });
    return c.json(toEmail(unwrap(answer, "e-mail")), 202);
  });
}
