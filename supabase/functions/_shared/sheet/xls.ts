import { readGlobals } from "./biff.ts";
import { type BiffSheet, type BoundSheet, onlyCells, sheetRecords, streamOf } from "./biff_part.ts";
import { encrypted, expandsTooMuch, oldFormat, unreadable, unsupported } from "./error.ts";
import type { Header, HeaderSearch } from "./header.ts";
import { HEADER_ROWS, MAX_RECORDS, MAX_ROWS } from "./limits.ts";
import { openOle } from "./ole.ts";
import { RowCollector, type SheetTable, tooManyRows } from "./row_collector.ts";
import { loadCodePages, readSheet } from "./sheetjs.ts";

const LAST_ROW = MAX_ROWS.xls + HEADER_ROWS;

/**
 * The table in an .xls file of Excel 5 to 2003: the first sheet with a certain header, visible
 * sheets before hidden ones, or else the first with any header. SheetJS reads new streams: one with
 * the first rows of each sheet, then one with the columns under the header.
 * @throws SheetError when there is no table.
 */
export async function readXls(
  bytes: Uint8Array,
  maxRows: number,
  search: HeaderSearch,
): Promise<SheetTable> {
  const globals = readGlobals(workbookStream(bytes));
  if (!globals.isUnicode) await loadCodePages();
  let recordsLeft = MAX_RECORDS;
  let bytesLeft = globals.view.byteLength;
  function read(bound: BoundSheet, sheet: BiffSheet, collector: RowCollector): Promise<string> {
    recordsLeft -= globals.texts + sheet.cells;
    if (recordsLeft < 0) throw expandsTooMuch();
    return readSheet(streamOf(globals, bound, sheet), collector, LAST_ROW);
  }
  let found: { bound: BoundSheet; sheet: BiffSheet; header: Header } | null = null;
  const hiddenLast = globals.sheets.toSorted((a, b) => Number(a.hidden) - Number(b.hidden));
  for (const bound of hiddenLast) {
    const sheet = sheetRecords(globals, bound);
    // Sheets do not overlap; only a forged file refers to the same bytes several times.
    bytesLeft -= sheet.bytes;
    if (bytesLeft < 0) throw unreadable();
    const head = new RowCollector(search, HEADER_ROWS);
    await read(bound, onlyCells(globals, sheet, ({ row }) => row < HEADER_ROWS), head);
    const { header } = head;
    if (header && (found === null || header.isCertain)) found = { bound, sheet, header };
    if (header?.isCertain) break;
  }
  if (found === null) throw search.failure();
  const { bound, sheet, header } = found;
  if (sheet.lastRow > LAST_ROW) throw tooManyRows(maxRows);
  const columns = header.columns.map(({ index }) => index);
  const wanted = onlyCells(
    globals,
    sheet,
    ({ first, last }) => columns.some((column) => column >= first && column <= last),
  );
  const collector = new RowCollector(header, maxRows);
  const table = collector.table(await read(bound, wanted, collector), sheet.hidden);
  if (table === null) throw unreadable();
  return table;
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
