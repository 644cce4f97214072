import {
  type CellValue,
  CUSTOMER_FIELDS,
  type CustomerCells,
  type CustomerField,
} from "../../_shared/customer_row.ts";
import { expandsTooMuch, SheetError } from "./error.ts";
import type { Header, HeaderSearch } from "./header.ts";
import { HEADER_ROWS, MAX_CELL, MAX_TEXT } from "./limits.ts";

/** A row as the sheet has it, under its own 1-based number. */
export interface SheetRow {
  row: number;
  cells: CustomerCells;
}

/** Rows and columns that one merged cell covers; rows from 1, columns from 0, ends included. */
export interface MergedRange {
  firstRow: number;
  lastRow: number;
  firstColumn: number;
  lastColumn: number;
}

/** The rows of one sheet that has a header. */
export interface SheetTable {
  sheetName: string | null;
  header: Header;
  rows: SheetRow[];
}

// A merged arrears cell is owed once, and a merged account number would be a duplicate.
const FILLED_DOWN: CustomerField[] = ["name", "phone", "status"];

/** Takes the rows of one sheet in order, finds the header and keeps what stands below it. */
export class RowCollector {
  readonly rows: SheetRow[] = [];
  header: Header | null = null;
  readonly #search: HeaderSearch;
  readonly #maxRows: number;
  #textLeft = MAX_TEXT;

  constructor(search: HeaderSearch, maxRows: number) {
    this.#search = search;
    this.#maxRows = maxRows;
  }

  /** Whether a column is of interest: before the header is found, all are. */
  wants(column: number): boolean {
    if (!this.header) return true;
    for (const place of this.header.values()) if (place.column === column) return true;
    return false;
  }

  /** Whether rows from this one on can still matter. */
  wantsRow(row: number): boolean {
    return this.header !== null || row <= HEADER_ROWS;
  }

  /** Takes a row; blank ones are passed over. Cells of a sparse array may be undefined. */
  add(row: number, cells: readonly (CellValue | undefined)[]): void {
    if (!this.header) {
      this.header = this.#search.offer(cells);
      return;
    }
    const kept: CustomerCells = {};
    let blank = true;
    for (const field of CUSTOMER_FIELDS) {
      const column = this.header.get(field)?.column;
      const cell = column === undefined ? null : cells[column] ?? null;
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

  /** Gives rows under a merged name, phone or status the value that they show. */
  fillMerged(ranges: readonly MergedRange[]): void {
    if (!this.header || ranges.length === 0) return;
    const byNumber = new Map(this.rows.map((row) => [row.row, row.cells]));
    const lastRow = this.rows.at(-1)?.row ?? 0;
    // Merged ranges do not overlap; a file in which they do would take time without end.
    let steps = lastRow * FILLED_DOWN.length;
    for (const range of ranges) {
      const field = FILLED_DOWN.find((name) =>
        this.header?.get(name)?.column === range.firstColumn
      );
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

  table(sheetName: string | null): SheetTable | null {
    return this.header && { sheetName, header: this.header, rows: this.rows };
  }
}

function isBlank(cell: CellValue): boolean {
  return cell === null || cell === "" || (typeof cell === "string" && cell.trim() === "");
}

/** The refusal of a table with more rows than are read. */
export function tooManyRows(limit: number): SheetError {
  return new SheetError(
    "too_many_rows",
    `The file has more than ${limit} rows. Split it, or save it as CSV if it is a workbook, ` +
      "and send the parts one after the other.",
  );
}
