import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { toCsv } from "../_shared/csv.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";

const slice = 1_000;

const route = createRoute({
  method: "get",
  path: "/import/{id}/errors",
  operationId: "getLeadImportErrors",
  tags: ["leads"],
  summary: "The rows that were not imported, as a CSV file",
  description:
    "Invalid and skipped rows with their cells and the reason: the first 50,000, for 30 days. Once corrected, " +
    "the file can be imported as it is. Texts that look like a formula are escaped.",
  ...permitted("leads:import"),
  request: { params: IdParam },
  responses: {
    200: {
      description: "The file",
      content: {
        "text/csv": {
          schema: z.string().openapi({ example: "row,result,reason,Full name,Mobile" }),
        },
      },
    },
    ...guarded,
    ...problems(404, 422, 429),
  },
});

const Slice = z.object({
  columns: z.array(z.object({ index: z.int(), name: z.string() })),
  rows: z.array(z.object({
    row: z.int(),
    kind: z.string(),
    reason: z.string(),
    cells: z.array(z.string()),
  })),
});
type Slice = z.infer<typeof Slice>;

async function nextSlice(
  db: Client,
  place: { organization_id: string; import_id: string },
  after_row: number,
): Promise<Slice> {
  const given = { ...place, after_row, page_limit: slice };
  return Slice.parse(unwrap(await db.rpc("list_lead_import_errors", given), "import"));
}

export function leadImportErrors(app: App) {
  app.openapi(route, async (c) => {
    const place = {
      organization_id: c.var.actor.organizationId,
      import_id: c.req.valid("param").id,
    };
    // The first slice is read before the response starts, so that an error is a problem and not half a file.
    let current = await nextSlice(c.var.db, place, 0);
    const { columns } = current;
    const encoder = new TextEncoder();
    const names = columns.map(({ name }) => name);
    const file = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(
          encoder.encode(`\uFEFF${toCsv([["row", "result", "reason", ...names]])}`),
        );
      },
      async pull(controller) {
        const lines = current.rows.map(({ row, kind, reason, cells }) => [
          row,
          kind,
          reason,
          ...columns.map(({ index }) => cells[index] ?? ""),
        ]);
        if (lines.length > 0) controller.enqueue(encoder.encode(toCsv(lines)));
        const last = current.rows.at(-1);
        if (last === undefined || current.rows.length < slice) return controller.close();
        current = await nextSlice(c.var.db, place, last.row);
      },
    });
    return new Response(file, {
      headers: {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": `attachment; filename="import-errors.csv"`,
      },
    });
  });
}
