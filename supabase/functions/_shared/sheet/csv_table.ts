import { csvForm } from "./csv_form.ts";
import { type Damage, readRecords } from "./csv_records.ts";
import { SheetError } from "./error.ts";
import type { HeaderSearch } from "./header.ts";
import { lengthOf, type RecordLength, rowLengthErrors } from "./row_length.ts";
import { RowCollector, type SheetTable } from "./row_collector.ts";
import { damageWarning } from "./row_warnings.ts";
import { fileText } from "./text_file.ts";

const SAMPLE = 256 * 1024;

/** The table in a CSV file and what is wrong with whole rows of it. */
export interface CsvTable extends SheetTable {
  /** Errors of rows with a wrong number of fields, by row number. */
  lengthErrors: Map<number, string>;
  /** Warnings of rows with characters that are invalid in the file's encoding, by row number. */
  damage: Map<number, string>;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/**
 * The table in a CSV file, with the row numbers that spreadsheet programs show.
 * @throws SheetError when there is no table.
 */
export async function readCsv(
  bytes: Uint8Array,
  maxRows: number,
  newSearch: () => HeaderSearch,
): Promise<CsvTable> {
  const file = fileText(once(bytes));
  let text = "";
  for await (const piece of file.pieces) text += piece;
  if (text.trim() === "") throw new SheetError("file_empty", "The file is empty.");
  const { delimiter, skip, header } = csvForm(text.slice(0, SAMPLE), newSearch);
  const collector = new RowCollector(header, maxRows);
  const lengths: RecordLength[] = [];
  const damaged = new Map<number, Damage>();
  readRecords(text.slice(skip), delimiter, (row, fields, damage) => {
    if (row <= header.row) return true;
    collector.add(row, fields);
    if (damage !== null) damaged.set(row, damage);
    lengths.push(lengthOf(row, fields, header.width));
    return true;
  });
  const warnings = new Map<number, string>();
  for (const [row, damage] of damaged) {
    const warning = damageWarning(damage, file.isUnicode());
    if (warning !== null) warnings.set(row, warning);
  }
  return {
    sheetName: null,
    header,
    rows: collector.rows,
    hiddenRows: [],
    lengthErrors: rowLengthErrors(lengths, header),
    damage: warnings,
  };
}
