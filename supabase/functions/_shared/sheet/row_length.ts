import type { Header } from "./header.ts";

/** The number of fields of a CSV record, under its row number. */
export interface RecordLength {
  row: number;
  length: number;
  /** Number of fields up to the last one that is not blank; 0 for a blank row. */
  used: number;
}

// Excel writes CSV in blocks of 16 rows and leaves out the delimiters of columns at the end that
// are empty in a whole block (Microsoft: "Column delimiters are missing in Excel spreadsheet that
// is saved as text").
const BLOCK = 16;
const blockOf = (row: number): number => Math.floor((row - 1) / BLOCK);

export function lengthOf(row: number, fields: readonly string[]): RecordLength {
  const used = fields.findLastIndex((field) => field.trim() !== "") + 1;
  return { row, length: fields.length, used };
}

/**
 * Finds the records whose number of fields differs from that of the header (RFC 4180, 2.4): all
 * values to the right of a stray or missing delimiter would be in wrong columns. Blank fields
 * beyond the header are harmless, and so are blocks of rows that Excel has shortened.
 * @param records All successive records below the header.
 * @returns the errors by row number.
 */
export function rowLengthErrors(
  records: readonly RecordLength[],
  { row: headerRow, width, named }: Pick<Header, "row" | "width" | "named">,
): Map<number, string> {
  const errors = new Map<number, string>();
  const shortened = shortenedBlocks(records, named);
  // The header itself would have kept the delimiters of its block.
  shortened.delete(blockOf(headerRow));
  for (const { row, length, used } of records) {
    if (used > width) {
      errors.set(
        row,
        `The row has ${used} fields, but the header has ${width}. ` +
          "A value that contains the delimiter, such as 1,234.50, must be in quotation marks.",
      );
    } else if (used > 0 && length < named && shortened.get(blockOf(row)) !== length) {
      errors.set(row, `The row ends early: it has ${length} fields, but the header has ${named}.`);
    }
  }
  return errors;
}

/** The common length of the records of each block that Excel has shortened. */
function shortenedBlocks(records: readonly RecordLength[], named: number): Map<number, number> {
  const shortened = new Map<number, number>();
  if (records.every(({ length }) => length >= named)) return shortened;
  const lengths = new Map<number, number[]>();
  for (const { row, length } of records) {
    const block = lengths.get(blockOf(row));
    if (block) block.push(length);
    else lengths.set(blockOf(row), [length]);
  }
  for (const [block, [length = named, ...others]] of lengths) {
    if (length < named && others.length > 0 && others.every((other) => other === length)) {
      shortened.set(block, length);
    }
  }
  return shortened;
}
