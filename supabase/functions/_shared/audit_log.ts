import { z } from "./zod.ts";
import type { Context } from "hono";
import type { AppEnv } from "./context.ts";
import { definedOnly, Id, isoTime, Timestamp } from "./fields.ts";
import { PageQuery } from "./page.ts";
import { isPlain, plainMessage } from "./plain_text.ts";
import { unwrap } from "./problem.ts";

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
  "connected",
  "disconnected",
  "key_used",
  "impersonation_started",
  "impersonation_ended",
  "refused",
  "erased",
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

/** The query of a list: filters, and `page` or `offset`. */
export const AuditPageQuery = PageQuery.extend({
  ...AuditFilters.shape,
  page: z.coerce.number().int().min(1).max(5_000).optional()
    .openapi({ description: "Starts at 1; replaces offset", example: 1 }),
});

/** A page of the list, in the shape of the old services. */
export const AuditLogPage = z.object({
  logs: z.array(AuditLog),
  total: z.int().openapi({ description: "Counted up to 10,000", example: 1 }),
  total_is_capped: z.boolean().openapi({
    description: "Whether there are more entries than total",
  }),
  searched_from: Timestamp.nullable().openapi({
    description:
      "A search reads the newest 20,000 entries that match the other filters. If there " +
      "are more, they are older than this: narrow the dates to search them",
  }),
  page: z.int().openapi({ example: 1 }),
  limit: z.int().openapi({ example: 50 }),
}).openapi("AuditLogPage");

const Page = z.object({
  total: z.number(),
  total_is_capped: z.boolean(),
  searched_from: z.string().nullable().default(null),
  rows: z.array(z.unknown()),
});

/** Reads a page of the audit log of the caller's organization. */
export async function auditPage(
  c: Context<AppEnv>,
  query: z.infer<typeof AuditPageQuery>,
): Promise<z.infer<typeof AuditLogPage>> {
  const { limit, offset, page, ...filters } = query;
  const skipped = page === undefined ? offset : (page - 1) * limit;
  const answer = await c.var.db.rpc("list_audit_logs", {
    organization_id: c.var.actor.organizationId,
    filters: definedOnly(filters),
    page_limit: limit,
    page_offset: skipped,
  });
  const { rows, searched_from, ...counts } = Page.parse(unwrap(answer, "entry"));
  return {
    logs: rows.map(toAuditLog),
    ...counts,
    searched_from: isoTime(searched_from),
    page: Math.floor(skipped / limit) + 1,
    limit,
  };
}
