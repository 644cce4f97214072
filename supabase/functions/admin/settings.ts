import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";

const Country = z.string().regex(/^[A-Z]{2}$/, "is not a country of ISO 3166-1");
const LocalTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, "is not a local time");
const Outcome = z.enum(["resend", "hold"]);
const Rate = z.number().gt(0).max(1).nullable();

/** The settings and what the database accepts, which checks the same and names the same fields. */
const OrganizationSettingsChange = z.strictObject({
  name: z.string().trim().min(1).max(200).refine(isPlain, plainMessage),
  country: Country,
  time_zone: z.string().max(100).openapi({ example: "Africa/Accra" }),
  currency: z.string().regex(/^[A-Z]{3}$/, "is not a currency of ISO 4217"),
  locale: z.enum(["en", "fr"]),
  quiet_hours_start: LocalTime.nullable(),
  quiet_hours_end: LocalTime.nullable(),
  contact_details: z.string().trim().min(3).max(160).refine(isPlain, plainMessage).nullable(),
  allowed_countries: z.array(Country).min(1).max(250).nullable(),
  marketing_consent: z.enum(["required", "not_required"]),
  marketing_gap_messages: z.int().min(1).max(1000).nullable(),
  marketing_gap_hours: z.int().min(1).max(8760).nullable(),
  messages_per_second: z.number().gt(0).lt(1_000_000).nullable(),
  daily_spending_limit: z.number().min(0).lt(10_000_000_000).nullable(),
  unknown_outcome_service: Outcome,
  unknown_outcome_marketing: Outcome,
  alert_opt_out_rate: Rate,
  alert_failure_rate: Rate,
  alert_after: z.int().min(10).max(1_000_000),
  message_retention_months: z.int().min(1).max(120),
  audit_retention_months: z.int().min(12).max(120),
}).partial()
  .refine((change) => Object.keys(change).length > 0, "Give at least one setting to change.")
  .openapi("OrganizationSettingsChange", { example: { alert_after: 200 } });

const OrganizationSettings = z.object({
  settings: z.record(
    z.string(),
    z.object({
      value: z.unknown(),
      default: z.unknown(),
      unit: z.string().openapi({ example: "messages" }),
      description: z.string(),
    }),
  ).openapi({
    example: {
      alert_after: {
        value: 200,
        default: 100,
        unit: "messages",
        description: "Messages of a campaign before its rates are evaluated",
      },
    },
  }),
}).openapi("OrganizationSettings");

const read = createRoute({
  method: "get",
  path: "/settings",
  operationId: "adminGetSettings",
  tags: ["admin"],
  summary: "All settings of the organization, each with its default and unit",
  description:
    "What belongs to leads is in /leads/settings, /leads/calendar and /leads/fields; senders are " +
    "in /phone-numbers.",
  ...permitted("organization:update"),
  responses: { 200: json(OrganizationSettings, "The settings"), ...guarded },
});

const change = createRoute({
  method: "patch",
  path: "/settings",
  operationId: "adminUpdateSettings",
  tags: ["admin"],
  summary: "Change settings of the organization",
  description: "All that are given or none. null switches a limit off. audit_retention_months is " +
    "closed to API keys and impersonation (403 own_session_required).",
  ...permitted("organization:update"),
  request: { body: jsonBody(OrganizationSettingsChange) },
  responses: {
    200: json(OrganizationSettings, "All settings"),
    ...guarded,
    ...problems(400, 409, 422),
  },
});

/** GET and PATCH /admin/settings. */
export function settings(app: App) {
  app.openapi(read, async (c) => {
    const answer = await c.var.db.rpc("get_settings", {
      organization_id: c.var.actor.organizationId,
    });
    return c.json(OrganizationSettings.parse({ settings: unwrap(answer, "setting") }), 200);
  });
  app.openapi(change, async (c) => {
    const answer = await c.var.db.rpc("update_settings", {
      organization_id: c.var.actor.organizationId,
      changes: c.req.valid("json"),
    });
    return c.json(OrganizationSettings.parse({ settings: unwrap(answer, "setting") }), 200);
  });
}
