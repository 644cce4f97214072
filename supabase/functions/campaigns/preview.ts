import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, Phone } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";

const Preview = z.object({
  audience: z.int().openapi({ description: "Leads of the audience", example: 1200 }),
  exact: z.boolean().openapi({
    description: "Whether every lead was checked; beyond 200,000 a sample is checked and scaled",
  }),
  checked: z.int().openapi({ description: "Leads that were checked" }),
  recipients: z.int().openapi({ description: "Leads that may be texted as things are now" }),
  excluded: z.record(z.string(), z.int()).openapi({
    description: "Leads that will not be texted, by reason",
    example: { no_consent: 30, duplicate_number: 4 },
  }),
  rendered: z.int().openapi({ description: "Recipients whose message was rendered, up to 300" }),
  missing_variable: z.int().openapi({ description: "Of those, messages that lack a value" }),
  segments: z.int(),
  segments_exact: z.boolean().openapi({ description: "false: scaled from those rendered" }),
  cost: z.string().nullable().openapi({
    description: "By the segment prices of the numbers; null if one has none",
    example: "96.40",
  }),
  samples: z.array(z.object({
    lead_id: Id,
    lead_name: z.string().nullable(),
    phone: Phone,
    variant_id: Id,
    text: z.string(),
    segments: z.int(),
    encoding: z.enum(["GSM-7", "UCS-2"]),
  })).openapi({ description: "Up to five messages as they would be sent" }),
  faults: z.array(z.object({ path: z.string(), message: z.string() })).openapi({
    description: "What keeps the campaign from starting",
  }),
  warnings: z.array(
    z.object({
      path: z.string(),
      code: z.enum(["unfilled_placeholder", "one_way_sender"]),
      message: z.string(),
    }),
  ).openapi({ description: "What may be wrong although it can start" }),
}).openapi("CampaignPreview");

const route = createRoute({
  method: "post",
  path: "/{id}/preview",
  operationId: "previewCampaign",
  tags: ["campaigns"],
  summary: "What a campaign would send, and to whom",
  description: "Nothing is kept or sent. Needs leads:read for the whole organization too.",
  ...permitted("campaigns:read"),
  request: { params: IdParam },
  responses: { 200: json(Preview, "The preview"), ...guarded, ...problems(404, 422) },
});

export function previewCampaign(app: App) {
  app.openapi(route, async (c) => {
    const row = await c.var.db.rpc("preview_campaign", {
      organization_id: c.var.actor.organizationId,
      campaign_id: c.req.valid("param").id,
    });
    return c.json(Preview.parse(unwrap(row, "campaign")), 200);
  });
}
