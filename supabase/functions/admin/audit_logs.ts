import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import {
  AuditLogDetail,
  AuditLogPage,
  auditPage,
  AuditPageQuery,
  toAuditLogDetail,
} from "../_shared/audit_log.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";

const list = createRoute({
  method: "get",
  path: "/audit-logs",
  operationId: "adminListAuditLogs",
  tags: ["admin"],
  summary: "List the audit log, newest first",
  description: "As GET /audit-logs.",
  ...permitted("audit:read"),
  request: { query: AuditPageQuery },
  responses: { 200: json(AuditLogPage, "A page of entries"), ...guarded, ...problems(422) },
});

const get = createRoute({
  method: "get",
  path: "/audit-logs/{id}",
  operationId: "adminGetAuditLog",
  tags: ["admin"],
  summary: "Get an entry with the values before and after",
  description: "As GET /audit-logs/{id}.",
  ...permitted("audit:read"),
  request: { params: IdParam },
  responses: { 200: json(AuditLogDetail, "The entry"), ...guarded, ...problems(404, 422) },
});

const AuditVerification = z.object({
  status: z.enum(["whole", "tampered"]),
  fault: z.object({
    entry_id: Id.nullable().openapi({ description: "null where a seal itself was changed" }),
    fault: z.enum(["changed", "deleted", "inserted", "seal_changed", "seal_deleted"]),
  }).nullable().openapi({ description: "The first entry that is not as it was sealed" }),
  from_seal: z.int().nullable().openapi({ example: 1 }),
  to_seal: z.int().nullable().openapi({ example: 12 }),
  next_seal: z.int().nullable().openapi({
    description:
      "Where to go on: a request verifies at most 500 seals or 20,000 entries; null at the end",
  }),
  verified_entries: z.int().openapi({ example: 1834 }),
  erased_entries: z.int().openapi({
    description: "Entries whose values were erased with their salt, which is no tampering",
  }),
  seal_hash: z.string().nullable().openapi({
    description:
      "Of to_seal, SHA-256 in hex. Kept elsewhere, it shows later that the whole chain was not made again",
  }),
  kept_from: Timestamp.openapi({
    description:
      "Entries from before it were dropped by retention; of their seals only the chain is verified",
  }),
  sealed_until: Timestamp,
}).openapi("AuditVerification");

const verify = createRoute({
  method: "get",
  path: "/audit-logs/verify",
  operationId: "adminVerifyAuditLogs",
  tags: ["admin"],
  summary: "Whether the audit log is as it was sealed",
  description: "Entries are sealed about a minute after they were written, in a chain of hashes. " +
    "What is changed, deleted or inserted afterwards is found, and the first such entry is named. " +
    "The owner of the database could make the whole chain again, or cut off its end: keep to_seal and " +
    "seal_hash elsewhere and ask with them (to_seal, expected_hash).",
  ...permitted("audit:read"),
  request: {
    query: z.object({
      from_seal: z.coerce.number().int().min(1).max(1e12).optional().openapi({ example: 1 }),
      to_seal: z.coerce.number().int().min(1).max(1e12).optional().openapi({ example: 12 }),
      expected_hash: z.string().regex(/^[0-9a-f]{64}$/).optional().openapi({
        description: "The seal_hash of to_seal that was kept",
      }),
    }),
  },
  responses: { 200: json(AuditVerification, "The result"), ...guarded, ...problems(422) },
});

/** GET /admin/audit-logs, …/verify and …/{id}. */
export function auditLogs(app: App) {
  app.openapi(list, async (c) => c.json(await auditPage(c, c.req.valid("query")), 200));
  app.openapi(verify, async (c) => {
    const { from_seal, to_seal, expected_hash } = c.req.valid("query");
    const answer = await c.var.db.rpc("verify_audit_logs", {
      organization_id: c.var.actor.organizationId,
      ...(from_seal === undefined ? {} : { from_seal }),
      ...(to_seal === undefined ? {} : { to_seal }),
      ...(expected_hash === undefined ? {} : { expected_hash }),
    });
    const result = AuditVerification.parse(unwrap(answer, "seal"));
    return c.json({
      ...result,
      kept_from: isoTime(result.kept_from),
      sealed_until: isoTime(result.sealed_until),
    }, 200);
  });
  app.openapi(get, async (c) => {
    const answer = await c.var.db.rpc("get_audit_log", {
      organization_id: c.var.actor.organizationId,
      entry_id: c.req.valid("param").id,
    });
    return c.json(toAuditLogDetail(unwrap(answer, "entry")), 200);
  });
}
