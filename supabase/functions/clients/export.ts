import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, permitted } from "../_shared/route.ts";
import { maxWorkbookRows, type Slice, slicesFile, xlsxType } from "../_shared/slices_file.ts";
import { ClientFilters } from "./schemas.ts";

const size = 1_000;

const route = createRoute({
  method: "get",
  path: "/export",
  operationId: "exportClients",
  tags: ["clients"],
  summary: "All clients that match, as a file",
  description:
    "Streamed, oldest first. In CSV texts that look like a formula are escaped; in a workbook every cell " +
    `is a text. A workbook has at most ${maxWorkbookRows} rows; export more as CSV.`,
  ...permitted("clients:export"),
  request: { query: ClientFilters.extend({ format: z.enum(["csv", "xlsx"]).default("csv") }) },
  responses: {
    200: {
      description: "The file",
      content: {
        "text/csv": { schema: z.string().openapi({ example: "id,name,segment,status,mrr" }) },
        [xlsxType]: { schema: z.string().openapi({ format: "binary" }) },
      },
    },
    ...guarded,
    ...problems(422),
  },
});

const Head = z.object({
  columns: z.array(z.string()),
  last: z.string().nullable(),
  matching: z.int().nullable(),
});

export function exportClients(app: App) {
  app.openapi(route, (c) => {
    const { format, ...filters } = c.req.valid("query");
    const wanted = { organization_id: c.var.actor.organizationId, filters: definedOnly(filters) };
    return slicesFile("clients", format, size, async (further) => {
      const answer = unwrap(
        await c.var.db.rpc("export_clients", { ...wanted, ...further, page_limit: size }),
        "client",
      );
      // Only the head is validated: the function itself makes all cells texts, and there are very many.
      return { ...Head.parse(answer), rows: (answer as unknown as Slice).rows };
    });
  });
}
