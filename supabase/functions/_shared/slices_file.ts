import { toCsv } from "./csv.ts";
import { Problem } from "./problem.ts";
import { xlsxFile } from "./sheet/xlsx_writer.ts";

/** Rows of a workbook: 50,000 of 22 columns take a quarter of the 2 s of CPU that the platform allows a request. */
export const maxWorkbookRows = 50_000;

export const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** Rows of texts, in slices: the next ones, and where the following begin. */
export interface Slice {
  columns: string[];
  rows: (string | null)[][];
  last: string | null;
  /** All matching rows, counted up to a bound; null where they were not counted. */
  matching: number | null;
}

type NextSlice = (further: { after_id?: string; count_to?: number }) => Promise<Slice>;

async function* rowsOf(first: Slice, next: NextSlice, size: number): AsyncGenerator<Slice["rows"]> {
  yield [first.columns];
  for (let current = first; current.rows.length > 0;) {
    yield current.rows;
    if (current.last === null || current.rows.length < size) return;
    current = await next({ after_id: current.last });
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

/**
 * A file that is streamed slice by slice. The first slice is read before the answer begins, so that a refusal is still a
 * problem and not half a file.
 * @param next reads the slice after an id, of `size` rows
 * @throws Problem 422 for a workbook of too many rows
 */
export async function slicesFile(
  name: string,
  format: "csv" | "xlsx",
  size: number,
  next: NextSlice,
): Promise<Response> {
  const isWorkbook = format === "xlsx";
  const first = await next(isWorkbook ? { count_to: maxWorkbookRows + 1 } : {});
  if ((first.matching ?? 0) > maxWorkbookRows) {
    throw new Problem(
      422,
      "too_many_rows",
      `A workbook has at most ${maxWorkbookRows} rows. Narrow the filter, or ask for format=csv.`,
    );
  }
  const slices = rowsOf(first, next, size);
  return new Response(ReadableStream.from(isWorkbook ? xlsxFile(slices) : csvFile(slices)), {
    headers: {
      "content-type": isWorkbook ? xlsxType : "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="${name}.${format}"`,
    },
  });
}
