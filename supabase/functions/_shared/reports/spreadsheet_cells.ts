import type { CellValue, RangeValues } from "../google/sheets.ts";
import { type CellType, NUMBER, serialOf } from "../sheet/xlsx_cells.ts";
import { cellType } from "./about.ts";
import { type FrozenRow, type FrozenRun, tableColumns } from "./run.ts";
import { shownCells } from "./total_rows.ts";

/** Characters that a cell of a Google spreadsheet has at most. */
const longestCell = 50_000;
/** Google advises against requests of more than two megabytes; a character may take three bytes. */
const longestRequest = 1_000_000;

const textCell = (value: unknown): string =>
  (Array.isArray(value) ? value.join("; ") : String(value)).slice(0, longestCell).toWellFormed();

/**
 * A value as the API takes it: numbers, days and times as numbers (days since 1899-12-30, as the formats of the columns
 * show them), anything that does not have its column's type as a text. An empty cell is an empty text, which clears what a
 * repeated range had.
 */
export function cellValue(type: CellType, value: unknown): CellValue {
  if (value === null || value === undefined) return "";
  switch (type) {
    case "integer":
    case "number":
    case "money":
    case "ratio":
      return NUMBER.test(String(value)) ? Number(value) : textCell(value);
    case "boolean":
      return typeof value === "boolean" ? value : textCell(value);
    case "date":
    case "timestamp":
      return (typeof value === "string" ? serialOf(value) : null) ?? textCell(value);
    case "list":
    case "text":
      return textCell(value);
  }
}

/** A: 0, Z: 25, AA: 26. */
export function columnLetters(column: number): string {
  const letter = String.fromCharCode(65 + column % 26);
  return column < 26 ? letter : columnLetters(Math.floor(column / 26) - 1) + letter;
}

/** The range from the first cell of a row on; rows count from 1. */
export const rangeOf = (tab: string, row: number, rows: number, columns: number): string =>
  `'${tab}'!A${row}:${columnLetters(columns - 1)}${row + rows - 1}`;

/** Rows of a tab, and what is in it with them. */
export interface SheetSlice {
  /** null: none of the rows is shown. */
  data: RangeValues | null;
  /** The last frozen row that is in it. */
  position: number;
  /** Rows of the report, without subtotals and total. */
  rows: number;
  /** Where the next slice begins. */
  nextRow: number;
  /** The row of the total, if it is among them. */
  totalRow: number | null;
}

/**
 * The next rows, as many of them as one request takes, at least one. They go to a fixed range that follows from `row`
 * alone, so a slice that is repeated overwrites itself.
 */
export function sheetSlice(
  run: FrozenRun,
  rows: readonly FrozenRow[],
  { tab, row }: { tab: string; row: number },
): SheetSlice {
  const columns = tableColumns(run);
  const types = columns.map(({ type }) => cellType(type));
  const values: CellValue[][] = [];
  const slice = { position: 0, rows: 0, totalRow: null as number | null };
  let length = 0;
  for (const one of rows) {
    const [position, level] = one;
    const cells = shownCells(run, one);
    const line = cells === null ? null : types.map((type, at) => cellValue(type, cells[at]));
    length += line === null ? 0 : JSON.stringify(line).length;
    if (length > longestRequest && slice.position > 0) break;
    slice.position = position;
    if (level === null) slice.rows++;
    if (line === null) continue;
    values.push(line);
    if (level === 0) slice.totalRow = row + values.length - 1;
  }
  const range = rangeOf(tab, row, values.length, columns.length);
  return {
    ...slice,
    data: values.length === 0 ? null : { range, values },
    nextRow: row + values.length,
  };
}
