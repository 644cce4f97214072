import type { CustomerField } from "../../_shared/customer_row.ts";
import { readRecords } from "../../_shared/sheet/csv_records.ts";
import { SheetError } from "../../_shared/sheet/error.ts";
import { RowCollector, type SheetTable } from "../../_shared/sheet/row_collector.ts";
import { decodeText } from "../../_shared/sheet/text_file.ts";
import { CustomerHeaderSearch } from "./header.ts";

const DELIMITERS = [",", ";", "\t", "|"];
const SAMPLE = 256 * 1024;
const EXCEL_HINT = /^sep=([^\r\n])(?:\r\n|\r|\n)/i;

/** The table in a CSV file, with the row numbers that spreadsheet programs show. */
export function readCsv(bytes: Uint8Array, maxRows: number): SheetTable<CustomerField> {
  const whole = decodeText(bytes);
  const hint = EXCEL_HINT.exec(whole);
  const text = hint ? whole.slice(hint[0].length) : whole;
  const delimiter = hint?.[1] ?? findDelimiter(text);
  const search = new CustomerHeaderSearch();
  const collector = new RowCollector(search, maxRows);
  readRecords(text, delimiter, (record, fields) => {
    if (!collector.wantsRow(record)) return false;
    collector.add(record, fields);
    return true;
  });
  const table = collector.table(null);
  if (!table) throw search.failure();
  return table;
}

/** The delimiter that gives a header, or else the most frequent one. */
function findDelimiter(text: string): string {
  const sample = text.slice(0, SAMPLE);
  const counts = DELIMITERS.map((delimiter) => ({ delimiter, fields: 0 }));
  for (const count of counts) {
    const collector = new RowCollector(new CustomerHeaderSearch(), 0);
    try {
      readRecords(sample, count.delimiter, (record, fields) => {
        if (!collector.wantsRow(record)) return false;
        count.fields += fields.length - 1;
        collector.add(record, fields);
        return collector.header === null;
      });
    } catch (error) {
      // Quotes need not match with a wrong delimiter or at the end of the sample.
      if (!(error instanceof SheetError)) throw error;
    }
    if (collector.header) return count.delimiter;
  }
  return counts.reduce((best, count) => count.fields > best.fields ? count : best).delimiter;
}
