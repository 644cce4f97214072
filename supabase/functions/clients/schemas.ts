import { z } from "../_shared/zod.ts";
import { Id, isoTime, Money, Phone, Timestamp } from "../_shared/fields.ts";

export const Day = z.string().openapi({ format: "date", example: "2026-11-21" });

export const statuses = [
  "prospect",
  "trial",
  "trial_lost",
  "active",
  "paused",
  "leaving",
  "churned",
] as const;

export const reasons = [
  "price",
  "service",
  "competitor",
  "moved",
  "closed",
  "payment",
  "other",
  "unknown",
] as const;

export const Contact = z.object({
  id: Id,
  name: z.string().openapi({ example: "Ama Mensah" }),
  role: z.string().nullable().openapi({ example: "Head of purchasing" }),
  email: z.string().nullable().openapi({ example: "ama@example.com" }),
  phone: Phone.nullable(),
  is_primary: z.boolean(),
  left_on: Day.nullable().openapi({ description: "The day on which the person left the client" }),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("ClientContact");

const Row = z.object({
  id: Id,
  version: z.int().openapi({ description: "Raised by every change", example: 3 }),
  name: z.string().openapi({ example: "Volta Foods Ltd" }),
  segment: z.string().openapi({
    description: "A key of GET /clients/segments",
    example: "enterprise",
  }),
  segment_label: z.string().nullable().openapi({ example: "Enterprises" }),
  client_type: z.string().nullable(),
  region: z.string().nullable().openapi({ example: "Volta" }),
  category: z.string().nullable(),
  external_id: z.string().nullable().openapi({ description: "The client's id in another system" }),
  account_number: z.string().nullable(),
  phone: Phone.nullable(),
  email: z.string().nullable(),
  contract_ends_on: Day.nullable(),
  stated_risk: z.enum(["low", "medium", "high"]).nullable().openapi({
    description: "What a person thinks of the risk that the client leaves",
  }),
  custom_fields: z.record(z.string(), z.unknown()),
  owner_id: Id.nullable(),
  owner_name: z.string().nullable(),
  team_id: Id.nullable(),
  status: z.enum(statuses).openapi({
    description:
      "Follows from the movements. prospect: no paid service so far; leaving: notice was given",
  }),
  since: Day.nullable().openapi({ description: "The first day of paid service" }),
  mrr: Money.openapi({ description: "Monthly recurring revenue in force" }),
  currency: z.string().openapi({ example: "GHS" }),
  spell_started_on: Day.nullable().openapi({
    description: "The first day of the current spell of service",
  }),
  paused_on: Day.nullable(),
  notice_on: Day.nullable(),
  leaves_on: Day.nullable().openapi({ description: "The planned first day without service" }),
  trial_ends_on: Day.nullable(),
  last_interaction_at: Timestamp.nullable(),
  score: z.number().nullable().openapi({
    description: "The probability of leaving in percent, 0 to 100: high is bad. null: not scored",
  }),
  band: z.enum(["low", "moderate", "high", "critical"]).nullable(),
  score_day: Day.nullable().openapi({
    description: "The day on which the score last changed by a point or more",
  }),
  score_model_id: Id.nullable(),
  risk_theme: z.string().nullable().openapi({
    description: "What raises the risk most, as of score_day",
    example: "contact",
  }),
  trend: z.enum(["rising", "stable", "falling"]).nullable().openapi({
    description: "Of the score by five points or more within trend_days; null: not known",
  }),
  trend_days: z.int().nullable(),
  contacts: z.array(Contact),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
  deleted_at: Timestamp.nullable(),
});

/** A client, with the columns of ChurnGuard beside ours. */
export const Client = Row.extend({
  churn_risk: z.string().nullable().openapi({ description: "The same as band" }),
  churn_trend: z.string().nullable().openapi({ description: "The same as trend" }),
  churn_trend_days: z.int().nullable().openapi({ description: "The same as trend_days" }),
  monthly_revenue: Money.openapi({ description: "The same as mrr" }),
}).openapi("Client");

/** A contact of `private.contact_json` as the API's. */
export function toContact(row: unknown): z.infer<typeof Contact> {
  const contact = Contact.parse(row);
  return {
    ...contact,
    created_at: isoTime(contact.created_at),
    updated_at: isoTime(contact.updated_at),
  };
}

/** The result of `private.client_json` as the API's client. */
export function toClient(row: unknown): z.infer<typeof Client> {
  const client = Row.parse(row);
  return {
    ...client,
    churn_risk: client.band,
    churn_trend: client.trend,
    churn_trend_days: client.trend_days,
    monthly_revenue: client.mrr,
    contacts: client.contacts.map(toContact),
    last_interaction_at: isoTime(client.last_interaction_at),
    created_at: isoTime(client.created_at),
    updated_at: isoTime(client.updated_at),
    deleted_at: isoTime(client.deleted_at),
  };
}

/** Filters of the list and the export of clients. */
export const ClientFilters = z.object({
  status: z.enum(statuses).optional(),
  segment: z.string().max(50).optional().openapi({ example: "enterprise" }),
  band: z.string().max(50).optional().openapi({
    description: "A band of the score, or `none` for clients without one",
  }),
  owner: z.union([z.uuid(), z.enum(["me", "none"])]).optional().openapi({
    description: "A person, `me`, or `none` for clients without an owner",
    example: "me",
  }),
  team_id: z.uuid().optional(),
  contract_ends_to: z.iso.date().optional().openapi({
    description: "Clients whose contract ends by this day",
  }),
  search: z.string().trim().max(200).optional().openapi({
    description:
      "Part of a name, id, account number, e-mail address or phone number (local or not)",
  }),
});
