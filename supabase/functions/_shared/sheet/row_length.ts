import type { Header } from "./header.ts";

/** The number of fields of a CSV record, under its row number. */
export interface RecordLength {
  row: number;
  length: number;
  /** Number of fields up to the last one that is not blank; 0 for a blank row. */
  used: number;
  /** Whether the record is longer than the header and a delimiter seems to be within a value. */
  looksSplit: boolean;
}

// Excel writes CSV in blocks of 16 rows and leaves out the delimiters of columns at the end that
// are empty in a whole block (Microsoft: "Column delimiters are missing in Excel spreadsheet that
// is saved as text").
const BLOCK = 16;
const blockOf = (row: number): number => Math.floor((row - 1) / BLOCK);

/** @param width Number of fields of the header, with or without a name. */
export function lengthOf(row: number, fields: readonly string[], width: number): RecordLength {
  const used = fields.findLastIndex((field) => field.trim() !== "") + 1;
  return { row, length: fields.length, used, looksSplit: fields.length > width && isSplit(fields) };
}

/** Whether neighbours look like one value: "1,234.50" or "234,50", or "Mensah, Kofi" with its space. */
function isSplit(fields: readonly string[]): boolean {
  const begin = fields.slice(1).filter((field) => field.trim() !== "");
  return new Set(begin.map((field) => field.startsWith(" "))).size > 1 ||
    fields.some((field, index) =>
      /^\D{0,5}\d{1,3}$/.test(field) && /^(\d{3}(\D|$)|\d\d$)/.test(fields[index + 1] ?? "")
    );
}

/**
 * Finds the records whose number of fields differs from that of the header (RFC 4180, 2.4): all
 * values to the right of a stray or missing delimiter would be in wrong columns. A value in a
 * column without a name at the end may be the rest of one that was split, so it is refused too.
 * Blank fields beyond the header are harmless unless a value looks split, and so are blocks of rows
 * that Excel has shortened.
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
  const usual = usualLength(records, width);
  for (const { row, length, used, looksSplit } of records) {
    if (used > named || (looksSplit && length > usual)) {
      errors.set(
        row,
        (used > named
          ? `The row has ${used} fields, but the header has ${named}. `
          : `The row has ${length} fields, but the header has ${width}. `) +
          "A value that contains the delimiter, such as 1,234.50, must be in quotation marks, " +
          "and a column with values must have a name.",
      );
    } else if (used > 0 && length < named && shortened.get(blockOf(row)) !== length) {
      errors.set(row, `The row ends early: it has ${length} fields, but the header has ${named}.`);
    }
  }
  return errors;
}

/** The most frequent length, of equal ones the least: some programs end each row with a delimiter. */
function usualLength(records: readonly RecordLength[], width: number): number {
  const counts = new Map([[width, 1]]);
  for (const { length, used } of records) {
    if (used > 0) counts.set(length, (counts.get(length) ?? 0) + 1);
  }
  return [...counts].reduce(
    (best, one) => one[1] > best[1] || (one[1] === best[1] && one[0] < best[0]) ? one : best,
    [0, 0],
  )[0];
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
