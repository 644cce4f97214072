import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";
import { Version } from "../_shared/version.ts";

export const Status = z.enum([
  "draft",
  "scheduled",
  "freezing",
  "running",
  "paused",
  "completed",
  "canceled",
]);

export const TargetStatus = z.enum(["pending", "sent", "excluded", "canceled"]);

export const Reason = z.enum([
  "no_phone",
  "duplicate_number",
  "suppressed",
  "dnc",
  "litigator",
  "no_consent",
  "consent_revoked",
  "frequency_cap",
  "lead_deleted",
  "number_changed",
  "missing_variable",
  "text_too_long",
  "window_closed",
  "country_not_allowed",
  "undeliverable",
]);

const Counts = z.record(z.string(), z.int());
const Rate = z.number().min(0).max(1).openapi({ example: 0.2 });

export const Campaign = z.object({
  id: Id,
  version: z.int().openapi({ description: "Raised by every change", example: 1 }),
  name: z.string().openapi({ example: "Open day" }),
  status: Status,
  status_reason: z.string().nullable().openapi({ description: "Why it is paused or canceled" }),
  audience: z.record(z.string(), z.unknown()).openapi({
    description:
      "`{ filter }` or `{ lead_ids }`; of more than 1,000 leads only `{ leads: number }`",
    example: { filter: { tag: "hot" } },
  }),
  templates: z.array(
    z.object({ template_id: Id, name: z.string().nullable(), weight: z.int() }),
  ),
  numbers: z.array(Id).openapi({ description: "None: the organization's default sender" }),
  scheduled_at: Timestamp.nullable(),
  late_after_minutes: z.int(),
  messages_per_minute: z.int().nullable(),
  pause_error_rate: Rate,
  pause_filtered_rate: Rate,
  pause_after: z.int(),
  targets: z.object({
    total: z.int(),
    pending: z.int(),
    sent: z.int(),
    excluded: z.int(),
    canceled: z.int(),
  }),
  excluded: Counts.openapi({ description: "By reason", example: { no_consent: 3 } }),
  messages: Counts.openapi({ description: "By status", example: { delivered: 120 } }),
  segments: z.int(),
  frozen_at: Timestamp.nullable(),
  started_at: Timestamp.nullable(),
  started_by: Id.nullable(),
  started_by_name: z.string().nullable(),
  finished_at: Timestamp.nullable(),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("Campaign");

/** A campaign as the API shows it, from what `private.campaign_json` returns. */
export function toCampaign(row: unknown): z.infer<typeof Campaign> {
  const campaign = Campaign.parse(row);
  return {
    ...campaign,
    scheduled_at: isoTime(campaign.scheduled_at),
    frozen_at: isoTime(campaign.frozen_at),
    started_at: isoTime(campaign.started_at),
    finished_at: isoTime(campaign.finished_at),
    created_at: isoTime(campaign.created_at),
    updated_at: isoTime(campaign.updated_at),
  };
}

const isNear = (text: string) => text >= "2000" && text < "2199";
const Moment = z.iso.datetime({ offset: true, abort: true })
  .refine(isNear, "is too far away")
  .openapi({ example: "2026-11-30T09:00:00Z" });
const Day = z.union([z.iso.date().refine(isNear, "is too far away"), Moment]);
const Text = z.string().trim().min(1).refine(isPlain, plainMessage);

/** The filters of GET /leads, as a campaign keeps them. */
const Filter = z.strictObject({
  status: Text.max(50).optional(),
  source: Text.max(100).toLowerCase().optional(),
  assigned_to: z.union([z.uuid(), z.enum(["me", "none"])]).optional(),
  team_id: z.uuid().optional(),
  tag: Text.max(50).optional().openapi({ example: "hot" }),
  created_from: Day.optional(),
  created_to: Day.optional(),
  sla: z.enum(["due", "breached"]).optional(),
  search: Text.max(200).optional(),
});

const Audience = z.union([
  z.strictObject({ filter: Filter }),
  z.strictObject({ lead_ids: z.array(z.uuid()).min(1).max(10_000) }),
]).openapi({
  description: "The leads of a filter of GET /leads (empty: all), or these leads",
  example: { filter: { tag: "hot" } },
});

const Templates = z.array(
  z.object({ template_id: z.uuid(), weight: z.int().min(1).max(1_000).default(1) }),
).max(20).refine(
  (list) => new Set(list.map(({ template_id }) => template_id)).size === list.length,
  "names a template twice",
);

const fields = z.object({
  name: z.string().trim().min(1).max(200).refine(isPlain, plainMessage).openapi({
    example: "Open day",
  }),
  audience: Audience,
  templates: Templates.openapi({ description: "Rotated by weight; all of category marketing" }),
  numbers: z.array(z.uuid()).max(100).openapi({
    description: "Numbers to send from; none: the organization's default sender",
  }),
  scheduled_at: Moment.nullable().openapi({
    description: "When to start; null: when it is started",
  }),
  late_after_minutes: z.int().min(1).max(1_440).openapi({
    description: "A campaign that misses its schedule by more is paused for a person to decide",
  }),
  messages_per_minute: z.int().min(1).max(600_000).nullable(),
  pause_error_rate: Rate.openapi({ description: "The share of failures that pauses it" }),
  pause_filtered_rate: Rate.openapi({
    description: "The share of filtered messages that pauses it",
  }),
  pause_after: z.int().min(10).max(1_000_000).openapi({
    description: "Known outcomes before these shares are evaluated",
  }),
});

export const CampaignInput = z.object({
  ...fields.partial().shape,
  name: fields.shape.name,
  audience: fields.shape.audience,
}).openapi("CampaignInput");

export const CampaignChange = z.object({ ...fields.partial().shape, version: Version })
  .openapi("CampaignChange");
