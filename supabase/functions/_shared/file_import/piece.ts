import { readRecords } from "../sheet/csv_records.ts";
import { damageWarning } from "../sheet/row_warnings.ts";
import { lengthOf, type RecordLength, rowLengthErrors } from "../sheet/row_length.ts";

/** A row of a file that is not blank, with the row number that spreadsheet programs show. */
export interface FileRow {
  row: number;
  cells: string[];
  /** Why the row as a whole cannot be read, or null. */
  error: string | null;
  /** A warning for characters that are invalid in the file's encoding, or null. */
  warning: string | null;
}

/** How the pieces of a file are read. */
export interface FileForm {
  delimiter: string;
  headerRow: number;
  /** Number of fields of the header, with or without a name. */
  width: number;
  /** Number of fields up to the last one with a name. */
  named: number;
  /** Whether the file is Unicode, so that damaged characters are unexpected. */
  isUnicode: boolean;
}

const longestCell = 10_000;

/** The rows below the header in a piece of a file. */
export function rowsOfPiece(
  piece: { content: string; first_row: number },
  { delimiter, headerRow, width, named, isUnicode }: FileForm,
): FileRow[] {
  const rows: FileRow[] = [];
  const lengths: RecordLength[] = [];
  readRecords(piece.content, delimiter, (record, fields, damage) => {
    const row = piece.first_row + record - 1;
    if (row <= headerRow) return true;
    const length = lengthOf(row, fields, width);
    lengths.push(length);
    if (length.used > 0) {
      const cells = fields.slice(0, Math.max(named, length.used))
        .map((field) => field.slice(0, longestCell).toWellFormed());
      rows.push({ row, cells, error: null, warning: damageWarning(damage, isUnicode) });
    }
    return true;
  });
  const errors = rowLengthErrors(lengths, { row: headerRow, width, named });
  for (const row of rows) row.error = errors.get(row.row) ?? null;
  return rows;
}
