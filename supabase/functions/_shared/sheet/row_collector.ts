import type { CellValue } from "../cell.ts";
import { expandsTooMuch, SheetError } from "./error.ts";
import { HEADER_ROWS, MAX_CELL, MAX_TEXT } from "./limits.ts";

/** The column of each field and its header in the sheet. */
export type Header<F extends string> = Map<F, { column: number; text: string }>;

/** Recognizes the header row of a file. */
export interface HeaderSearch<F extends string> {
  /** The header, when this row is one. */
  offer(cells: readonly (CellValue | undefined)[]): Header<F> | null;
  /** The error when there is no header. */
  failure(): SheetError;
  /** Whether a merged cell of this field applies to every row that it covers. */
  fillsDown(field: F): boolean;
}

/** A row of the sheet with its 1-based number. */
export interface SheetRow<F extends string> {
  row: number;
  cells: Partial<Record<F, CellValue>>;
}

/** The range of a merged cell; rows from 1, columns from 0, inclusive. */
export interface MergedRange {
  firstRow: number;
  lastRow: number;
  firstColumn: number;
  lastColumn: number;
}

/** The rows of one sheet that has a header. */
export interface SheetTable<F extends string> {
  sheetName: string | null;
  header: Header<F>;
  rows: SheetRow<F>[];
}

/** Collects the rows of one sheet in order: finds the header and keeps the rows below. */
export class RowCollector<F extends string> {
  readonly rows: SheetRow<F>[] = [];
  header: Header<F> | null = null;
  readonly #search: HeaderSearch<F>;
  #columns = new Set<number>();
  readonly #maxRows: number;
  #textLeft = MAX_TEXT;

  constructor(search: HeaderSearch<F>, maxRows: number) {
    this.#search = search;
    this.#maxRows = maxRows;
  }

  /** Whether a column is needed: all are until the header is found. */
  wants(column: number): boolean {
    return this.header === null || this.#columns.has(column);
  }

  /** Whether rows from this one on can still matter. */
  wantsRow(row: number): boolean {
    return this.header !== null || row <= HEADER_ROWS;
  }

  /** Adds a row; blank rows are skipped. Cells of a sparse array may be undefined. */
  add(row: number, cells: readonly (CellValue | undefined)[]): void {
    if (!this.header) {
      this.header = this.#search.offer(cells);
      this.#columns = new Set(Array.from(this.header?.values() ?? [], ({ column }) => column));
      return;
    }
    const kept: Partial<Record<F, CellValue>> = {};
    let blank = true;
    for (const [field, { column }] of this.header) {
      const cell = cells[column] ?? null;
      if (isBlank(cell)) continue;
      kept[field] = this.#cut(cell);
      blank = false;
    }
    if (blank) return;
    if (this.rows.length >= this.#maxRows) throw tooManyRows(this.#maxRows);
    this.rows.push({ row, cells: kept });
  }

  #cut(cell: CellValue): CellValue {
    if (typeof cell !== "string") return cell;
    const text = cell.length > MAX_CELL ? cell.slice(0, MAX_CELL) : cell;
    this.#textLeft -= text.length;
    if (this.#textLeft < 0) throw expandsTooMuch();
    return text;
  }

  /** Fills rows under a merged cell with its value. */
  fillMerged(ranges: readonly MergedRange[]): void {
    if (!this.header || ranges.length === 0) return;
    const filled = Array.from(this.header).filter(([field]) => this.#search.fillsDown(field));
    const byNumber = new Map(this.rows.map((row) => [row.row, row.cells]));
    const lastRow = this.rows.at(-1)?.row ?? 0;
    // Merged ranges do not overlap; the bound is for forged files in which they do.
    let steps = lastRow * filled.length;
    for (const range of ranges) {
      const field = filled.find(([, { column }]) => column === range.firstColumn)?.[0];
      const value = field && byNumber.get(range.firstRow)?.[field];
      if (!field || value === undefined) continue;
      const last = Math.min(range.lastRow, lastRow, range.firstRow + steps);
      steps -= Math.max(0, last - range.firstRow);
      for (let row = range.firstRow + 1; row <= last; row++) {
        const cells = byNumber.get(row);
        if (cells) cells[field] ??= value;
      }
    }
  }

  table(sheetName: string | null): SheetTable<F> | null {
    return this.header && { sheetName, header: this.header, rows: this.rows };
  }
}

function isBlank(cell: CellValue): boolean {
  return cell === null || cell === "" || (typeof cell === "string" && cell.trim() === "");
}

/** The error for a table with too many rows. */
export function tooManyRows(limit: number): SheetError {
  return new SheetError(
    "too_many_rows",
    `The file has more than ${limit} rows. Split it, or save it as CSV if it is a workbook, ` +
      "and send the parts one after the other.",
  );
}
