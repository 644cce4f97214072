import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";

const AuditAction = z.enum([
  "insert",
  "update",
  "delete",
  "sign_in",
  "sign_in_failed",
  "password_changed",
  "credentials_replaced",
  "exported",
  "rotated",
  "key_used",
  "impersonation_started",
  "impersonation_ended",
  "refused",
]);

export const AuditLog = z.object({
  id: Id,
  action: AuditAction,
  resource: z.string().openapi({ description: "What kind of record", example: "leads" }),
  resource_id: Id.nullable(),
  user_id: Id.nullable().openapi({ description: "The actor; null: the system" }),
  user_name: z.string().nullable().openapi({ example: "Ama Mensah" }),
  user_email: z.string().nullable().openapi({ example: "ama@nileutility.com" }),
  impersonator_id: Id.nullable().openapi({ description: "The admin who acted as this user" }),
  impersonator_name: z.string().nullable(),
  changed: z.array(z.string()).openapi({
    description: "The fields of an update",
    example: ["status"],
  }),
  via: z.enum(["function", "data_api", "auth"]).nullable().openapi({
    description: "How the request came: through a function, directly to the Data API or to " +
      "Supabase Auth; null: a job or a person in SQL",
  }),
  request_id: z.string().nullable().openapi({ description: "Known where `via` is `function`" }),
  ip: z.string().nullable().openapi({
    description: "The address as far as it is proven; null where it is not known",
  }),
  created_at: Timestamp,
}).openapi("AuditLog");

const Values = z.record(z.string(), z.unknown()).nullable();

export const AuditLogDetail = AuditLog.extend({
  before: Values.openapi({ description: "The record before; null for an insert", example: null }),
  after: Values.openapi({ description: "The record after; null for a delete", example: null }),
}).openapi("AuditLogDetail");

/** An entry as the API shows it, from the answer of `private.audit_json`. */
export function toAuditLog(row: unknown): z.infer<typeof AuditLog> {
  const entry = AuditLog.parse(row);
  return { ...entry, created_at: isoTime(entry.created_at) };
}

/** An entry with its values. */
export function toAuditLogDetail(row: unknown): z.infer<typeof AuditLogDetail> {
  const entry = AuditLogDetail.parse(row);
  return { ...entry, created_at: isoTime(entry.created_at) };
}

const TimestampOrDay = z.union([z.iso.date(), z.iso.datetime({ offset: true })])
  // Ids contain milliseconds since 1970.
  .refine((text) => text >= "1970-01-02" && text < "9999", "is out of range");

/** The filters of the list and the export. */
export const AuditFilters = z.object({
  date_from: TimestampOrDay.optional().openapi({
    description: "A timestamp, or a day in the organization's time zone",
    example: "2026-11-01",
  }),
  date_to: TimestampOrDay.optional().openapi({
    description: "A timestamp (exclusive), or the last day in the organization's time zone",
    example: "2026-11-30",
  }),
  user_id: z.uuid().optional(),
  action: AuditAction.optional(),
  resource: z.string().regex(/^[a-z_]{1,63}$/, "is no resource").optional()
    .openapi({ example: "leads" }),
  resource_id: z.uuid().optional(),
  search: z.string().trim().max(200).refine(isPlain, plainMessage).optional().openapi({
    description:
      "Part of a resource, of the actor's name or e-mail address, or of the values before and " +
      "after; or a whole action, changed field, id, request id or IP address",
  }),
});
