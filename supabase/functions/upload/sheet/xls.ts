import { readBiffSheet } from "./biff_sheet.ts";
import { readBiffWorkbook } from "./biff_workbook.ts";
import { encrypted, oldFormat, unsupported } from "./error.ts";
import { HeaderSearch } from "./header.ts";
import { openOle } from "./ole.ts";
import { RowCollector, type SheetTable } from "./row_collector.ts";

/** The table in an .xls file of Excel 5 to 2003, or why what is in its container is none. */
export function readXls(bytes: Uint8Array, maxRows: number): SheetTable {
  // Excel 2 to 4 wrote their records without a container.
  if (bytes[0] === 9) throw oldFormat();
  const streams = openOle(bytes);
  // An encrypted .xlsx file is kept in the container of an .xls file.
  if (streams.has("EncryptedPackage") || streams.has("EncryptionInfo")) throw encrypted();
  const stream = streams.get("Workbook") ?? streams.get("WORKBOOK") ?? streams.get("Book") ??
    streams.get("BOOK");
  if (!stream) throw unsupported();
  const workbook = readBiffWorkbook(stream());
  const search = new HeaderSearch();
  const hiddenLast = workbook.sheets.toSorted((a, b) => Number(a.hidden) - Number(b.hidden));
  for (const { name, position } of hiddenLast) {
    const collector = new RowCollector(search, maxRows);
    const sheet = readBiffSheet(workbook, position);
    for (const [index, cells] of sheet.rows.entries()) {
      if (!collector.wantsRow(index + 1)) break;
      if (cells) collector.add(index + 1, cells);
    }
    collector.fillMerged(sheet.merged);
    const table = collector.table(name);
    if (table) return table;
  }
  throw search.failure();
}
