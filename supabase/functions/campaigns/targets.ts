import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly, Id, isoTime, Phone, Timestamp } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Reason, TargetStatus } from "./schemas.ts";

const Target = z.object({
  position: z.int().openapi({ description: "Its place in the audience snapshot", example: 1 }),
  lead_id: Id,
  lead_name: z.string().nullable().openapi({ description: "For those who may see all leads" }),
  phone: Phone.nullable(),
  status: TargetStatus,
  reason: Reason.nullable().openapi({ description: "Why it is excluded" }),
  variant_id: Id.nullable().openapi({ description: "The variant it gets" }),
  send_after: Timestamp.openapi({ description: "While pending: when it is checked next" }),
  wait_reason: z.enum([
    "quiet_hours",
    "frequency_cap",
    "review",
    "rate",
    "paused",
    "suspended",
    "budget",
  ])
    .nullable().openapi({ description: "Why a pending target is not texted yet; null: it is due" }),
  wait_until: Timestamp.nullable().openapi({ description: "When it is checked again" }),
  message_id: Id.nullable(),
  message_status: z.string().nullable().openapi({ example: "delivered" }),
  error_code: z.string().nullable(),
  updated_at: Timestamp,
}).openapi("CampaignTarget");

const route = createRoute({
  method: "get",
  path: "/{id}/targets",
  operationId: "listCampaignTargets",
  tags: ["campaigns"],
  summary: "The recipients of a campaign and their status",
  description: "Ordered by position; `after` continues behind a position at constant cost.",
  ...permitted("campaigns:read"),
  request: {
    params: IdParam,
    query: PageQuery.extend({
      status: TargetStatus.optional(),
      reason: Reason.optional(),
      after: z.coerce.number().int().min(0).max(2_147_483_647).optional()
        .openapi({ description: "The last position seen" }),
    }),
  },
  responses: {
    200: json(pageOf(Target).openapi("CampaignTargetPage"), "A page of targets"),
    ...guarded,
    ...problems(404, 422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(Target) });

export function listTargets(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, after, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_targets", {
      organization_id: c.var.actor.organizationId,
      campaign_id: c.req.valid("param").id,
      filters: definedOnly(filters),
      after: after ?? 0,
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "campaign"));
    const data = page.rows.map((target) => ({
      ...target,
      send_after: isoTime(target.send_after),
      wait_until: isoTime(target.wait_until),
      updated_at: isoTime(target.updated_at),
    }));
    return c.json({ data, total: page.total, limit, offset }, 200);
  });
}
