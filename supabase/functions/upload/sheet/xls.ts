import { readGlobals } from "./biff.ts";
import { firstRows, sheetRecords, streamOf } from "./biff_part.ts";
import { encrypted, expandsTooMuch, oldFormat, unsupported } from "./error.ts";
import { HeaderSearch } from "./header.ts";
import { HEADER_ROWS, MAX_RECORDS, MAX_ROWS } from "./limits.ts";
import { openOle } from "./ole.ts";
import { RowCollector, type SheetTable, tooManyRows } from "./row_collector.ts";
import { loadCodePages, readSheet } from "./sheetjs.ts";

const LAST_ROW = MAX_ROWS.xls + HEADER_ROWS;

/**
 * The table in an .xls file of Excel 5 to 2003, or why what is in its container is none. SheetJS
 * reads a new stream for each sheet that is looked at, with the records in it that matter.
 */
export async function readXls(bytes: Uint8Array, maxRows: number): Promise<SheetTable> {
  const globals = readGlobals(workbookStream(bytes));
  if (!globals.isUnicode && globals.codePage !== 1252) await loadCodePages();
  let recordsLeft = MAX_RECORDS;
  const search = new HeaderSearch();
  const hiddenLast = globals.sheets.toSorted((a, b) => Number(a.hidden) - Number(b.hidden));
  for (const bound of hiddenLast) {
    let sheet = sheetRecords(globals, bound);
    // Of a sheet that is too large only the header is looked for: it may not be the one.
    const isTooLarge = sheet.lastRow > LAST_ROW;
    if (isTooLarge) sheet = firstRows(globals, sheet, HEADER_ROWS);
    recordsLeft -= globals.texts + sheet.cells;
    if (recordsLeft < 0) throw expandsTooMuch();
    const collector = new RowCollector(search, isTooLarge ? HEADER_ROWS : maxRows);
    const name = await readSheet(streamOf(globals, bound, sheet), collector, LAST_ROW);
    const table = collector.table(name);
    if (table && isTooLarge) throw tooManyRows(maxRows);
    if (table) return table;
  }
  throw search.failure();
}

function workbookStream(bytes: Uint8Array): Uint8Array {
  // Excel 2 to 4 wrote their records without a container.
  if (bytes[0] === 9) throw oldFormat();
  const streams = openOle(bytes);
  // An encrypted .xlsx file is kept in the container of an .xls file.
  if (streams.has("EncryptedPackage") || streams.has("EncryptionInfo")) throw encrypted();
  const stream = streams.get("Workbook") ?? streams.get("WORKBOOK") ?? streams.get("Book") ??
    streams.get("BOOK");
  if (!stream) throw unsupported();
  return stream();
}
