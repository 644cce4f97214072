import { z } from "../_shared/zod.ts";
import { Id, isoTime, Money, Phone, Timestamp } from "../_shared/fields.ts";

export const Status = z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, "is not a stage").openapi({
  description: "The key of a stage of the organization's pipeline",
  example: "contacted",
});

export const Lead = z.object({
  id: Id,
  version: z.int().openapi({ description: "Raised by every change", example: 3 }),
  first_name: z.string().openapi({ example: "Ama" }),
  last_name: z.string().openapi({ example: "Mensah" }),
  full_name: z.string().openapi({ example: "Ama Mensah" }),
  email: z.string().nullable().openapi({ example: "ama@example.com" }),
  phone: Phone.nullable(),
  source: z.string().openapi({ example: "website" }),
  status: Status,
  outcome: z.enum(["won", "lost"]).nullable().openapi({ description: "null: open" }),
  status_since: Timestamp,
  closed_at: Timestamp.nullable(),
  value: Money,
  currency: z.string().openapi({ example: "GHS" }),
  tags: z.array(z.string()).openapi({ example: ["hot"] }),
  time_zone: z.string().nullable().openapi({ example: "Africa/Accra" }),
  country: z.string().nullable().openapi({ description: "ISO 3166-1 alpha-2", example: "GH" }),
  region: z.string().nullable().openapi({ example: "Greater Accra" }),
  custom_fields: z.record(z.string(), z.unknown()).openapi({ example: { program: "MBA" } }),
  team_id: Id.nullable(),
  assigned_to: Id.nullable(),
  assigned_to_name: z.string().nullable(),
  assigned_at: Timestamp.nullable(),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  sla: z.object({
    status: z.enum(["running", "due_soon", "breached", "met"]),
    started_at: Timestamp,
    deadline: Timestamp,
    responded_at: Timestamp.nullable(),
    breached_at: Timestamp.nullable(),
  }).nullable().openapi({ description: "The response clock; null: none" }),
  created_at: Timestamp,
  updated_at: Timestamp,
  deleted_at: Timestamp.nullable(),
}).openapi("Lead");

/** The result of `private.lead_json` as the API's lead. */
export function toLead(row: unknown): z.infer<typeof Lead> {
  const lead = Lead.parse(row);
  const { sla } = lead;
  return {
    ...lead,
    status_since: isoTime(lead.status_since),
    closed_at: isoTime(lead.closed_at),
    assigned_at: isoTime(lead.assigned_at),
    created_at: isoTime(lead.created_at),
    updated_at: isoTime(lead.updated_at),
    deleted_at: isoTime(lead.deleted_at),
    sla: sla && {
      ...sla,
      started_at: isoTime(sla.started_at),
      deadline: isoTime(sla.deadline),
      responded_at: isoTime(sla.responded_at),
      breached_at: isoTime(sla.breached_at),
    },
  };
}

const DateOrTimestamp = z.union([z.iso.date(), z.iso.datetime({ offset: true })])
  // PostgreSQL has no year 0.
  .refine((text) => text >= "0001", "is out of range");

/** Filters of the list and the export of leads. */
export const LeadFilters = z.object({
  status: Status.optional(),
  source: z.string().trim().toLowerCase().max(100).optional().openapi({ example: "website" }),
  assigned_to: z.union([z.uuid(), z.enum(["me", "none"])]).optional().openapi({
    description: "A person, `me`, or `none` for unassigned leads",
    example: "me",
  }),
  team_id: z.uuid().optional(),
  tag: z.string().trim().max(50).optional().openapi({ example: "hot" }),
  created_from: DateOrTimestamp.optional().openapi({
    description: "The first day in the organization's time zone, or a timestamp",
    example: "2026-11-01",
  }),
  created_to: DateOrTimestamp.optional().openapi({
    description: "The last day, or a timestamp (exclusive)",
    example: "2026-11-30",
  }),
  sla: z.enum(["due", "breached"]).optional().openapi({
    description: "Leads whose response is due soon, or overdue",
  }),
  search: z.string().trim().max(200).optional().openapi({
    description: "Part of a name, e-mail address, phone number (local or not) or custom text",
  }),
});
