import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { toCsv } from "../_shared/csv.ts";
import { definedOnly } from "../_shared/fields.ts";
import { ensure, fromPostgres, problems } from "../_shared/problem.ts";
import { guarded, permitted } from "../_shared/route.ts";
import { CustomerFilters, toCustomer } from "./schemas.ts";

/** The Data API returns at most 1,000 rows at once (the default of hosted projects). */
const slice = 1_000;
const columns = ["name", "account_number", "phone", "status", "arrears", "currency"] as const;

const route = createRoute({
  method: "get",
  path: "/export",
  operationId: "exportCustomers",
  tags: ["customers"],
  summary: "All customers that match, as a CSV file",
  description: "Streamed, oldest first. Texts that look like a formula are escaped.",
  ...permitted("customers:read"),
  request: { query: CustomerFilters },
  responses: {
    200: {
      description: "The file",
      content: {
        "text/csv": {
          schema: z.string().openapi({
            example: "name,account_number,phone,status,arrears,currency",
          }),
        },
      },
    },
    ...guarded,
    ...problems(422),
  },
});

type Filters = z.infer<typeof CustomerFilters>;

/** The next customers after an id: keyset pages cost the same at any position. */
async function nextSlice(
  db: Client,
  organizationId: string,
  filters: Filters,
  after: string | null,
) {
  let query = db.from("customers")
    .select("id, name, account_number, phone, status, arrears, currency, created_at, updated_at")
    .eq("organization_id", organizationId);
  if (after !== null) query = query.gt("id", after);
  if (filters.status !== undefined) query = query.eq("status", filters.status);
  if (filters.arrears_min !== undefined) query = query.gte("arrears", Number(filters.arrears_min));
  if (filters.arrears_max !== undefined) query = query.lte("arrears", Number(filters.arrears_max));
  if (filters.search) {
    query = query.like(
      "search_text",
      `%${filters.search.toLowerCase().replace(/[\\%_]/g, "\\$&")}%`,
    );
  }
  const { data, error } = await query.order("id").limit(slice);
  if (error) throw fromPostgres(error, "customer");
  return data;
}

function fileOf(
  db: Client,
  organizationId: string,
  filters: Filters,
  first: Awaited<ReturnType<typeof nextSlice>>,
) {
  const encoder = new TextEncoder();
  let rows = first;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      // Spreadsheet programs recognize UTF-8 by the byte order mark.
      controller.enqueue(encoder.encode(`\uFEFF${toCsv([[...columns]])}`));
    },
    async pull(controller) {
      const lines = rows.map(toCustomer).map((customer) =>
        columns.map((column) => customer[column])
      );
      if (lines.length > 0) controller.enqueue(encoder.encode(toCsv(lines)));
      const last = rows.at(-1);
      if (last === undefined || rows.length < slice) return controller.close();
      rows = await nextSlice(db, organizationId, filters, last.id);
    },
  });
}

export function exportCustomers(app: App) {
  app.openapi(route, async (c) => {
    const filters = c.req.valid("query");
    const { organizationId } = c.var.actor;
    // The first slice is read before the response starts, so that an error is a problem and not half a file.
    const first = await nextSlice(c.var.db, organizationId, filters, null);
    ensure(
      await c.var.db.rpc("record_export", {
        organization_id: organizationId,
        resource: "customers",
        filters: definedOnly(filters),
      }),
    );
    return new Response(fileOf(c.var.db, organizationId, filters, first), {
      headers: {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": `attachment; filename="customers.csv"`,
      },
    });
  });
}
