import { createRoute, z } from "../_shared/zod.ts";
import { requirePermission } from "../_shared/actor.ts";
import type { App } from "../_shared/app.ts";
import { NewCalendar } from "../_shared/calendar.ts";
import { ExchangeRates } from "../_shared/exchange_rates.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";

const Country = z.string().regex(/^[A-Z]{2}$/, "is not a country of ISO 3166-1");
const LocalTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, "is not a local time");
const Outcome = z.enum(["resend", "hold"]);
const Rate = z.number().min(0.001).max(1).nullable();
const Text = z.string().trim().refine(isPlain, plainMessage);
const Days = z.int().min(1).max(730);

/** The rows of `private.settings`, which check the same; a test compares them. */
const OrganizationSettingsChange = z.strictObject({
  name: Text.min(1).max(200),
  country: Country,
  time_zone: z.string().max(100).openapi({ example: "Africa/Accra" }),
  currency: z.string().regex(/^[A-Z]{3}$/, "is not a currency of ISO 4217"),
  locale: z.enum(["en", "fr"]),
  quiet_hours_start: LocalTime.nullable(),
  quiet_hours_end: LocalTime.nullable(),
  contact_details: Text.min(3).max(160).nullable(),
  allowed_countries: z.array(Country).min(1).max(250).nullable(),
  marketing_consent: z.enum(["required", "not_required"]),
  marketing_gap_messages: z.int().min(1).max(1000).nullable(),
  marketing_gap_hours: z.int().min(1).max(8760).nullable(),
  messages_per_second: z.number().min(0.01).max(999_999.99).nullable(),
  daily_spending_limit: z.number().min(0).max(9_999_999_999.99).nullable(),
  unknown_outcome_service: Outcome,
  unknown_outcome_marketing: Outcome,
  alert_opt_out_rate: Rate,
  alert_failure_rate: Rate,
  alert_after: z.int().min(10).max(1_000_000),
  message_retention_months: z.int().min(1).max(120),
  audit_retention_months: z.int().min(12).max(120),
  business_hours: NewCalendar,
  lead_sla_minutes: z.int().min(0).max(525_600),
  lead_reminder_minutes: z.int().min(0).max(10_080),
  lead_clock_starts: z.enum(["assignment", "creation"]),
  lead_on_reassignment: z.enum(["keep", "restart"]),
  lead_capacity: z.int().min(0).max(2_147_483_647).nullable(),
  churn_recognition: z.enum(["service_end", "cancellation", "notice"]),
  churn_pause_days: Days,
  churn_unpaid_days: Days.nullable(),
  churn_band_limits: z.array(z.number()).min(3).max(3),
  churn_holdout_share: z.number().min(0).max(0.5),
  churn_incident_threshold: z.number().min(0).max(1),
  exchange_rates: ExchangeRates,
  report_first_weekday: z.int().min(1).max(7),
  report_file_days: z.int().min(1).max(365),
  report_outside_links: z.boolean(),
  report_outside_link_hours: z.int().min(1).max(720),
}).partial()
  .refine((change) => Object.keys(change).length > 0, "Give at least one setting to change.")
  .openapi("OrganizationSettingsChange", { example: { alert_after: 200 } });

const Setting = z.object({
  value: z.unknown(),
  default: z.unknown(),
  unit: z.string().openapi({ example: "messages" }),
  description: z.string(),
  permission: z.string().openapi({
    description: "What the caller needs to see and change it",
    example: "organization:update",
  }),
  type: z.enum(["string", "integer", "number", "boolean", "array", "object"]),
  nullable: z.boolean(),
  minimum: z.number().nullable().openapi({
    description: "Of a number; of a text its length, of a list its entries",
  }),
  maximum: z.number().nullable(),
  choices: z.array(z.string()).nullable(),
  pattern: z.string().nullable(),
});

const OrganizationSettings = z.object({
  settings: z.record(z.string(), Setting).openapi({
    example: {
      alert_after: {
        value: 200,
        default: 100,
        unit: "messages",
        description: "Messages of a campaign before its rates are evaluated",
        permission: "organization:update",
        type: "integer",
        nullable: false,
        minimum: 10,
        maximum: 1_000_000,
        choices: null,
        pattern: null,
      },
    },
  }),
}).openapi("OrganizationSettings");

/** Who changes only leads' or churn's settings sees and changes those. */
const changers = ["leads:configure", "churn:configure"];

const changing = {
  ...permitted("organization:update"),
  middleware: [
    requirePermission(
      "organization:update",
      (_, actor) => changers.some((permission) => permission in actor.permissions),
    ),
  ],
};

const read = createRoute({
  method: "get",
  path: "/settings",
  operationId: "adminGetSettings",
  tags: ["admin"],
  summary: "All settings of the organization, each with its default and unit",
  description:
    "Those that the caller may change: each names its permission, and leads:configure or " +
    "churn:configure suffice for theirs. Also in /leads/settings, /leads/calendar, " +
    "/clients/settings and /reports/settings. Lists have endpoints of their own: /leads/fields, " +
    "/pipeline/stages, /clients/segments, /clients/incident-types, /phone-numbers, /templates.",
  ...changing,
  responses: { 200: json(OrganizationSettings, "The settings"), ...guarded },
});

const change = createRoute({
  method: "patch",
  path: "/settings",
  operationId: "adminUpdateSettings",
  tags: ["admin"],
  summary: "Change settings of the organization",
  description:
    "All that are given or none. null switches a limit off. business_hours and exchange_rates " +
    "are replaced whole. message_retention_months and audit_retention_months are closed to API " +
    "keys and impersonation (403 own_session_required).",
  ...changing,
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
