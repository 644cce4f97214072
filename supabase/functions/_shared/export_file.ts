import { toCsv } from "./csv.ts";
import { Problem } from "./problem.ts";
import { z } from "./zod.ts";
import { type TableColumn, type TableRow, xlsxFile } from "./sheet/xlsx_writer.ts";

/** Rows that the database gives at once. */
export const SLICE_ROWS = 1_000;
/** Rows of a workbook: 50,000 of 22 columns take half of the 2 s of CPU that the platform allows a request. */
export const WORKBOOK_ROWS = 50_000;

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** The query parameter that chooses the file. */
export const FileFormat = z.enum(["csv", "xlsx"]).default("csv");

/** What a route says of its file. */
export const fileDescription =
  "Streamed, oldest first. In CSV texts that look like a formula are escaped. In a workbook numbers and dates are " +
  "typed, times are local times of the organization, and identifiers and phone numbers are texts; it has at most " +
  `${WORKBOOK_ROWS} rows: export more as CSV.`;

/** The content of a route's answer, with the first columns of the file as an example. */
export const fileContent = (columns: string) => ({
  "text/csv": { schema: z.string().openapi({ example: columns }) },
  [xlsxType]: { schema: z.string().openapi({ format: "binary" }) },
});

const Head = z.object({
  columns: z.array(z.object({
    name: z.string(),
    kind: z.enum(["text", "money", "number", "boolean", "date", "timestamp"]),
  })),
  last: z.string().nullable(),
  matching: z.int().nullable(),
});

interface Slice extends z.infer<typeof Head> {
  rows: TableRow[];
}

/** Where a slice begins, and whether matches are counted: parameters of the SQL functions. */
export interface SliceParameters {
  after_id?: string;
  count_to?: number;
  page_limit: number;
}

/** Asks the database for the slice and gives `{ columns, rows, last, matching }`. */
type ReadSlice = (parameters: SliceParameters) => Promise<unknown>;

async function sliceOf(read: ReadSlice, parameters: Omit<SliceParameters, "page_limit">) {
  const answer = await read({ ...parameters, page_limit: SLICE_ROWS });
  // Only the head is validated: the SQL functions make all cells texts, and there are very many.
  return { ...Head.parse(answer), rows: (answer as Pick<Slice, "rows">).rows };
}

/** The rows, slice by slice; the next slice is asked for before this one is written. */
async function* slicesOf(read: ReadSlice, first: Slice): AsyncGenerator<TableRow[]> {
  for (let current: Slice | null = first; current !== null;) {
    const isLast: boolean = current.last === null || current.rows.length < SLICE_ROWS;
    const next: Promise<Slice> | null = isLast
      ? null
      : sliceOf(read, { after_id: current.last ?? "" });
    // Reported where it is awaited; if the client goes away before, nobody needs it.
    next?.catch(() => {});
    yield current.rows;
    current = next && await next;
  }
}

async function* csvFile(columns: TableColumn[], slices: AsyncIterable<TableRow[]>) {
  const encoder = new TextEncoder();
  // The byte order mark is how spreadsheet programs know UTF-8.
  yield encoder.encode(`\uFEFF${toCsv([columns.map(({ name }) => name)])}`);
  for await (const rows of slices) if (rows.length > 0) yield encoder.encode(toCsv(rows));
}

/** A file of all that `read` gives. The first slice is read before, so that a refusal is a problem and not half a file. */
export async function exportFile(
  { name, format, timeZone }: { name: string; format: "csv" | "xlsx"; timeZone: string },
  read: ReadSlice,
): Promise<Response> {
  const isWorkbook = format === "xlsx";
  const first = await sliceOf(read, isWorkbook ? { count_to: WORKBOOK_ROWS + 1 } : {});
  if ((first.matching ?? 0) > WORKBOOK_ROWS) {
    const advice =
      `A workbook has at most ${WORKBOOK_ROWS} rows. Narrow the filter, or ask for format=csv.`;
    throw new Problem(422, "too_many_rows", advice);
  }
  const slices = slicesOf(read, first);
  const file = isWorkbook
    ? xlsxFile(first.columns, slices, timeZone)
    : csvFile(first.columns, slices);
  return new Response(ReadableStream.from(file), {
    headers: {
      "content-type": isWorkbook ? xlsxType : "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="${name}.${format}"`,
    },
  });
}
