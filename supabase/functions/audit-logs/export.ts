import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { toCsv } from "../_shared/csv.ts";
import { definedOnly } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, permitted } from "../_shared/route.ts";
import { AuditFilters, toAuditLogDetail } from "../_shared/audit_log.ts";

const columns = [
  "created_at",
  "user_name",
  "user_email",
  "impersonator_name",
  "action",
  "resource",
  "resource_id",
  "changed",
  "before",
  "after",
  "via",
  "request_id",
  "ip",
  "id",
] as const;

const route = createRoute({
  method: "get",
  path: "/export",
  operationId: "exportAuditLogs",
  tags: ["audit-logs"],
  summary: "All entries that match, as a CSV file",
  description: "Streamed, newest first; a search covers all entries that match the other " +
    "filters. Values are JSON. Formulas are escaped.",
  ...permitted("audit:read"),
  request: { query: AuditFilters },
  responses: {
    200: {
      description: "The file",
      content: { "text/csv": { schema: z.string().openapi({ example: columns.join(",") }) } },
    },
    ...guarded,
    ...problems(422, 429),
  },
});

const Slice = z.object({ rows: z.array(z.unknown()), next: z.string().nullable() });

/** The next slice of entries before an id. Reading by id costs the same for every slice. */
async function nextSlice(
  db: Client,
  organizationId: string,
  filters: Record<string, string>,
): Promise<z.infer<typeof Slice>> {
  const answer = await db.rpc("export_audit_logs", { organization_id: organizationId, filters });
  return Slice.parse(unwrap(answer, "entry"));
}

function lineOf(row: unknown): string[] {
  const entry = toAuditLogDetail(row);
  return columns.map((column) => {
    const value = entry[column];
    if (Array.isArray(value)) return value.join(" ");
    return typeof value === "object" && value !== null ? JSON.stringify(value) : value ?? "";
  });
}

function fileOf(
  first: z.infer<typeof Slice>,
  following: (before: string) => Promise<z.infer<typeof Slice>>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let slice = first;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      // The byte order mark is how spreadsheet programs know UTF-8.
      controller.enqueue(encoder.encode(`\uFEFF${toCsv([[...columns]])}`));
    },
    async pull(controller) {
      // A search may find nothing in a slice, and a pull that enqueues nothing is not called again.
      for (;;) {
        const lines = slice.rows.map(lineOf);
        if (lines.length > 0) controller.enqueue(encoder.encode(toCsv(lines)));
        if (slice.next === null) return controller.close();
        slice = await following(slice.next);
        if (lines.length > 0) return;
      }
    },
  });
}

export function exportAuditLogs(app: App) {
  app.openapi(route, async (c) => {
    const { db, actor } = c.var;
    const filters = definedOnly(c.req.valid("query"));
    // The first slice is read before the answer begins, so that a refusal is a problem and not part of a file.
    const first = await nextSlice(db, actor.organizationId, filters);
    const following = (before_id: string) =>
      nextSlice(db, actor.organizationId, { ...filters, before_id });
    return new Response(fileOf(first, following), {
      headers: {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": `attachment; filename="audit-logs.csv"`,
      },
    });
  });
}
