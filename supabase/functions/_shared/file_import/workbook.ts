import type { CellValue } from "../cell.ts";
import { withoutTextMarks } from "../csv.ts";
import { SheetError, unreadable } from "../sheet/error.ts";
import type { Header, HeaderSearch } from "../sheet/header.ts";
import { MAX_FILE_BYTES, MAX_ROWS } from "../sheet/limits.ts";
import type { SheetTable } from "../sheet/row_collector.ts";

/** A workbook's table as CSV, with its header. Rows keep their numbers. */
export interface WorkbookCsv {
  text: string;
  header: Header;
  hiddenRows: number[];
}

/** The text of a cell; errors and formulas without a result are Excel's error values. */
function plain(cell: CellValue | undefined): string {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "object" ? cell.text : String(cell);
}

/** A quoted field, read back unchanged whatever it begins with. */
function field(text: string): string {
  if (text === "") return "";
  return `"${(withoutTextMarks(text) === text ? text : `'${text}`).replaceAll('"', '""')}"`;
}

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

async function readTable(
  bytes: Uint8Array,
  kind: "xlsx" | "xls",
  search: HeaderSearch,
): Promise<SheetTable> {
  try {
    // Loaded on demand, because only workbooks need these readers.
    if (kind === "xlsx") {
      const { readXlsx } = await import("../sheet/xlsx.ts");
      return await readXlsx(bytes, MAX_ROWS.xlsx, search);
    }
    const { readXls } = await import("../sheet/xls.ts");
    return await readXls(bytes, MAX_ROWS.xls, search);
  } catch (error) {
    // Parsers can throw anything on a damaged file; this is not an internal error.
    throw error instanceof SheetError ? error : unreadable();
  }
}

/**
 * The table of an .xlsx or .xls file as CSV.
 * @throws SheetError when the workbook cannot be read.
 */
export async function csvOfWorkbook(
  bytes: Uint8Array,
  kind: "xlsx" | "xls",
  search: HeaderSearch,
): Promise<WorkbookCsv> {
  const { header, rows, hiddenRows } = await readTable(bytes, kind, search);
  const names = new Map(header.columns.map(({ index, name }) => [index, name]));
  const line = (text: (column: number) => string): string =>
    Array.from({ length: header.named }, (_, column) => field(text(column))).join(",") + "\n";
  let text = "\n".repeat(header.row - 1) + line((column) => names.get(column) ?? "");
  let next = header.row + 1;
  for (const { row, cells } of rows) {
    text += "\n".repeat(row - next) + line((column) => plain(cells[column]));
    next = row + 1;
  }
  return { text, header: { ...header, width: header.named }, hiddenRows };
}
