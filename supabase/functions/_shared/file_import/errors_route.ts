import { createRoute, z } from "../zod.ts";
import type { App } from "../app.ts";
import type { Client } from "../clients.ts";
import { toCsv } from "../csv.ts";
import { problems, unwrap } from "../problem.ts";
import { guarded, IdParam, permitted } from "../route.ts";
import type { FileKind } from "./kind.ts";

const slice = 1_000;

type Kind = Pick<FileKind<object, object>, "name" | "title" | "permission">;

const route = ({ name, title, permission }: Kind) =>
  createRoute({
    method: "get",
    path: "/import/{id}/errors",
    operationId: `get${title}ImportErrors`,
    tags: [name],
    summary: "The rows that were not imported, as a CSV file",
    description:
      "Invalid and skipped rows with their cells and the reason: the first 50,000, for 30 days. Once corrected, " +
      "the file can be imported as it is. Texts that look like a formula are escaped.",
    ...permitted(permission),
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
  place: { organization_id: string; import_id: string; kind: string },
  after_row: number,
): Promise<Slice> {
  const given = { ...place, after_row, page_limit: slice };
  return Slice.parse(unwrap(await db.rpc("list_lead_import_errors", given), "import"));
}

/** GET …/import/{id}/errors for files of this kind. */
export function importErrors(app: App, kind: Kind) {
  app.openapi(route(kind), async (c) => {
    const place = {
      organization_id: c.var.actor.organizationId,
      import_id: c.req.valid("param").id,
      kind: kind.name,
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
