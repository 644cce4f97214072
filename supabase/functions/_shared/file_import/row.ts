import { cellText, excelError } from "../cell.ts";
import { cleanText } from "../clean_text.ts";
import type { Mapping } from "./columns.ts";
import type { FileRow } from "./piece.ts";

/** An error or a warning: about a cell, or with `field` "" about the row as a whole. */
export interface CellError {
  field: string;
  value: string | null;
  message: string;
}

/** What a row gives: a record to import if there are no errors. */
export interface Reading<R> {
  record: R;
  errors: CellError[];
  warnings: CellError[];
}

/** Sets a field of the record from the text of a cell; returns an error message or null. */
export type Reader<R> = (text: string, record: R) => string | null;

/** How the cells of a row become a record. */
export interface RowRules<R> {
  begin(): R;
  reader(field: string): Reader<R>;
  /** Whether a text of this field counts as an empty cell. */
  isEmpty(text: string, field: string): boolean;
  /** Fields that need others of the same row are read after these. */
  isLast(field: string): boolean;
  /** What the cells' errors, and the record as a whole, come to. */
  check(record: R, found: CellError[]): Omit<Reading<R>, "record">;
}

/** Parses the rows of a file by its mapping. */
export function rowReader<R>(mapping: Mapping, rules: RowRules<R>): (row: FileRow) => Reading<R> {
  const columns = Object.entries(mapping)
    .map(([index, field]) => ({ index: Number(index), field, read: rules.reader(field) }))
    .sort((a, b) => Number(rules.isLast(a.field)) - Number(rules.isLast(b.field)));
  return ({ cells, error, warning }) => {
    const record = rules.begin();
    if (error !== null) {
      return { record, errors: [{ field: "", value: null, message: error }], warnings: [] };
    }
    const found: CellError[] = [];
    for (const { index, field, read } of columns) {
      const text = cleanText(cells[index] ?? "");
      if (rules.isEmpty(text, field)) continue;
      const message = excelError(text) ?? read(text, record);
      if (message !== null) found.push({ field, value: cellText(text), message });
    }
    const { errors, warnings } = rules.check(record, found);
    if (warning !== null) warnings.push({ field: "", value: null, message: warning });
    return { record, errors, warnings };
  };
}
