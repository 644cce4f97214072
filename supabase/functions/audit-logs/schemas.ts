import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";

export const AuditLog = z.object({
  id: Id,
  action: z.enum(["insert", "update", "delete"]),
  resource: z.string().openapi({ description: "What kind of record", example: "leads" }),
  resource_id: Id.nullable(),
  user_id: Id.nullable().openapi({ description: "Who did it; null: the system" }),
  user_name: z.string().nullable().openapi({ example: "Ama Mensah" }),
  user_email: z.string().nullable().openapi({ example: "ama@nileutility.com" }),
  impersonator_id: Id.nullable().openapi({ description: "The admin who acted as this user" }),
  impersonator_name: z.string().nullable(),
  changed: z.array(z.string()).openapi({
    description: "The fields of an update",
    example: ["status"],
  }),
  request_id: z.string().nullable(),
  ip: z.string().nullable(),
  created_at: Timestamp,
}).openapi("AuditLog");

const Values = z.record(z.string(), z.unknown()).nullable();

export const AuditLogDetail = AuditLog.extend({
  before: Values.openapi({ description: "The record before; null: it was added", example: null }),
  after: Values.openapi({ description: "The record after; null: it was deleted", example: null }),
}).openapi("AuditLogDetail");

/** An entry as the API shows it, from what `private.audit_json` gives. */
export function toAuditLog(row: unknown): z.infer<typeof AuditLog> {
  const entry = AuditLog.parse(row);
  return { ...entry, created_at: isoTime(entry.created_at) };
}

/** An entry with its values. */
export function toAuditLogDetail(row: unknown): z.infer<typeof AuditLogDetail> {
  const entry = AuditLogDetail.parse(row);
  return { ...entry, created_at: isoTime(entry.created_at) };
}

const Moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })])
  // Ids hold times as milliseconds since 1970.
  .refine((text) => text >= "1970-01-02" && text < "9999", "is out of range");

const isStorable = (text: string) => !text.includes("\u0000");

/** What the list and the export can be narrowed by. */
export const AuditFilters = z.object({
  date_from: Moment.optional().openapi({
    description: "A day of the organization's, or a moment",
    example: "2026-11-01",
  }),
  date_to: Moment.optional().openapi({
    description: "The last day (of the organization's), or the moment before which",
    example: "2026-11-30",
  }),
  user_id: z.uuid().optional(),
  action: z.enum(["insert", "update", "delete"]).optional(),
  resource: z.string().regex(/^[a-z_]{1,63}$/, "is no resource").optional()
    .openapi({ example: "leads" }),
  resource_id: z.uuid().optional(),
  search: z.string().trim().max(200).refine(isStorable, "must be plain text").optional().openapi({
    description:
      "Part of a resource, of the name or e-mail address of who did it or of the values " +
      "before and after; or a whole action, changed field, id, request id or address",
  }),
});
