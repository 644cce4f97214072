import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";

const Invitation = z.object({
  id: Id,
  email: z.string().openapi({ example: "kofi@nileutility.com" }),
  full_name: z.string(),
  role: z.string().openapi({ example: "counselor" }),
  team_id: Id.nullable(),
  invited_by: Id.nullable(),
  invited_by_name: z.string().nullable(),
  expires_at: Timestamp,
  expired: z.boolean(),
  created_at: Timestamp,
}).openapi("Invitation");

const list = createRoute({
  method: "get",
  path: "/invitations",
  operationId: "listInvitations",
  tags: ["users"],
  summary: "List the invitations that were not accepted yet",
  ...permitted("members:manage"),
  request: { query: PageQuery },
  responses: {
    200: json(pageOf(Invitation).openapi("InvitationPage"), "A page of invitations, newest first"),
    ...guarded,
    ...problems(422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(Invitation) });

export function listInvitations(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_invitations", {
      organization_id: c.var.actor.organizationId,
      page_limit: limit,
      page_offset: offset,
    });
    const { total, rows } = Page.parse(unwrap(answer, "invitation"));
    const data = rows.map((row) => ({
      ...row,
      expires_at: isoTime(row.expires_at),
      created_at: isoTime(row.created_at),
    }));
    return c.json({ data, total, limit, offset }, 200);
  });
}

const withdraw = createRoute({
  method: "delete",
  path: "/invitations/{id}",
  operationId: "withdrawInvitation",
  tags: ["users"],
  summary: "Withdraw an invitation",
  description: "Its token stops working at once.",
  ...permitted("members:manage"),
  request: { params: IdParam },
  responses: { 204: { description: "Withdrawn" }, ...guarded, ...problems(404, 422) },
});

export function withdrawInvitation(app: App) {
  app.openapi(withdraw, async (c) => {
    const withdrawn = await c.var.db.from("invitations").delete()
      .eq("organization_id", c.var.actor.organizationId)
      .eq("id", c.req.valid("param").id)
      .is("accepted_at", null)
      .select("id").maybeSingle();
    unwrap(withdrawn, "invitation");
    return c.body(null, 204);
  });
}
