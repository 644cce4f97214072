import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { toCsv } from "../_shared/csv.ts";
import { definedOnly } from "../_shared/fields.ts";
import { Problem, problems, unwrap } from "../_shared/problem.ts";
import { guarded, permitted } from "../_shared/route.ts";
import { xlsxFile } from "../_shared/sheet/xlsx_writer.ts";
import { LeadFilters } from "./schemas.ts";

const slice = 1_000;
/** Rows of a workbook: 50,000 of 22 columns take a quarter of the 2 s of CPU that the platform allows a request. */
const maxRows = 50_000;

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

const route = createRoute({
  method: "get",
  path: "/export",
  operationId: "exportLeads",
  tags: ["leads"],
  summary: "All leads that match, as a file",
  description:
    "Streamed, oldest first; custom fields are columns. In CSV texts that look like a formula are escaped; in a " +
    `workbook every cell is a text. A workbook has at most ${maxRows} rows; export more as CSV.`,
  ...permitted("leads:export"),
  request: {
    query: LeadFilters.extend({ format: z.enum(["csv", "xlsx"]).default("csv") }),
  },
  responses: {
    200: {
      description: "The file",
      content: {
        "text/csv": { schema: z.string().openapi({ example: "id,first_name,last_name,email" }) },
        [xlsxType]: { schema: z.string().openapi({ format: "binary" }) },
      },
    },
    ...guarded,
    ...problems(422),
  },
});

const Slice = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.string().nullable())),
  last: z.string().nullable(),
  matching: z.int().nullable(),
});
type Slice = z.infer<typeof Slice>;

interface Wanted {
  organization_id: string;
  filters: Record<string, string>;
}

/** The next leads after an id: keyset pages cost the same at any position. */
async function nextSlice(
  db: Client,
  wanted: Wanted,
  further: { after_id?: string; count_to?: number },
): Promise<Slice> {
  const answer = unwrap(
    await db.rpc("export_leads", { ...wanted, ...further, page_limit: slice }),
    "lead",
  );
  // Only the head is validated: the function itself makes all cells texts, and there are very many.
  const head = Slice.omit({ rows: true }).parse(answer);
  return { ...head, rows: (answer as Pick<Slice, "rows">).rows };
}

async function* slicesOf(db: Client, wanted: Wanted, first: Slice): AsyncGenerator<Slice["rows"]> {
  yield [first.columns];
  for (let current = first; current.rows.length > 0;) {
    yield current.rows;
    if (current.last === null || current.rows.length < slice) return;
    current = await nextSlice(db, wanted, { after_id: current.last });
  }
}

async function* csvFile(slices: AsyncIterable<Slice["rows"]>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  // The byte order mark is how spreadsheet programs know UTF-8.
  let start = "\uFEFF";
  for await (const rows of slices) {
    yield encoder.encode(start + toCsv(rows));
    start = "";
  }
}

export function exportLeads(app: App) {
  app.openapi(route, async (c) => {
    const { format, ...filters } = c.req.valid("query");
    const wanted = {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
    };
    // The first slice is read before the answer begins, so that a refusal is still a problem and not half a file.
    const isWorkbook = format === "xlsx";
    const first = await nextSlice(c.var.db, wanted, isWorkbook ? { count_to: maxRows + 1 } : {});
    if ((first.matching ?? 0) > maxRows) {
      throw new Problem(
        422,
        "too_many_rows",
        `A workbook has at most ${maxRows} rows. Narrow the filter, or ask for format=csv.`,
      );
    }
    const slices = slicesOf(c.var.db, wanted, first);
    return new Response(ReadableStream.from(isWorkbook ? xlsxFile(slices) : csvFile(slices)), {
      headers: {
        "content-type": isWorkbook ? xlsxType : "text/csv; charset=utf-8",
        "content-disposition": `attachment; filename="leads.${format}"`,
      },
    });
  });
}
