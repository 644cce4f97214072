import { type CellValue } from "../../_shared/cell.ts";
import { SheetError, unreadable } from "../../_shared/sheet/error.ts";
import { MAX_FILE_BYTES, MAX_ROWS } from "../../_shared/sheet/limits.ts";
import { type ColumnKey, LeadHeaderSearch } from "./header.ts";

function plain(cell: CellValue | undefined): string {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "object" ? cell.text : String(cell);
}

/** A quoted field, read back unchanged whatever it begins with. */
const field = (text: string): string =>
  text === "" ? "" : `"${(/^'[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

/** A workbook's bytes; a larger one is not read to the end. */
export async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes) {
    size += piece.length;
    if (size > MAX_FILE_BYTES) {
      throw new SheetError(
        "file_too_large",
        `The workbook is larger than ${MAX_FILE_BYTES >> 20} MB. Save it as CSV and send that.`,
      );
    }
    pieces.push(piece.slice());
  }
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}

/**
 * The table of an .xlsx or .xls file as CSV; rows keep their numbers.
 * @throws SheetError when the workbook cannot be read.
 */
export async function csvOfWorkbook(
  bytes: Uint8Array,
  kind: "xlsx" | "xls",
  isOwnField: (header: string) => boolean,
): Promise<string> {
  const newSearch = () => new LeadHeaderSearch(isOwnField);
  const limit = MAX_ROWS[kind];
  // Loaded on demand, because only workbooks need these readers.
  const table =
    await (kind === "xlsx"
      ? import("../../_shared/sheet/xlsx.ts").then(({ readXlsx }) =>
        readXlsx<ColumnKey>(bytes, limit, newSearch)
      )
      : import("../../_shared/sheet/xls.ts").then(({ readXls }) =>
        readXls<ColumnKey>(bytes, limit, newSearch)
      )).catch((error) => {
        // Parsers can throw anything on a damaged file; this is not an internal error.
        throw error instanceof SheetError ? error : unreadable();
      });
  const columns = Array.from(table.header);
  const width = Math.max(...columns.map(([, { column }]) => column)) + 1;
  const line = (text: (key: ColumnKey) => string): string =>
    Array.from({ length: width }, (_, column) => field(text(`${column}`))).join(",") + "\n";
  // The header's row number is not known; rows below keep their distance to the first non-blank row.
  const first = table.rows[0]?.row ?? 2;
  let csv = "\n".repeat(Math.max(0, first - 2)) + line((key) => table.header.get(key)?.text ?? "");
  let next = first;
  for (const { row, cells } of table.rows) {
    csv += "\n".repeat(row - next) + line((key) => plain(cells[key]));
    next = row + 1;
  }
  return csv;
}
