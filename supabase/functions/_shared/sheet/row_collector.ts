import { type CellValue, isBlank } from "../cell.ts";
import { expandsTooMuch, SheetError } from "./error.ts";
import type { Header, HeaderSearch, HeadRow } from "./header.ts";
import { HEADER_ROWS, MAX_CELL, MAX_TEXT } from "./limits.ts";

/** A row of the sheet with its 1-based number; cells by column index. */
export interface SheetRow {
  row: number;
  cells: (CellValue | undefined)[];
}

/** The range of a merged cell; rows from 1, columns from 0, inclusive. */
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
  /** The numbers of rows that are hidden in the workbook, by hand or by a filter. */
  hiddenRows: number[];
}

/** Collects the rows of one sheet in order: finds the header and keeps the rows below. */
export class RowCollector {
  readonly rows: SheetRow[] = [];
  header: Header | null = null;
  #head: HeadRow[] | null = [];
  #columns: number[] = [];
  #wanted = new Set<number>();
  #textLeft = MAX_TEXT;

  /** @param header A search, or the header itself if it is known. */
  constructor(private readonly search: HeaderSearch | Header, private readonly maxRows: number) {
    if ("columns" in search) this.#decide(search);
  }

  /** Whether a column is needed: all are until the header is chosen. */
  wants(column: number): boolean {
    return this.#head !== null || this.#wanted.has(column);
  }

  /** Whether rows from this one on can still matter. */
  wantsRow(row: number): boolean {
    if (row > HEADER_ROWS) this.finish();
    return this.#head !== null || this.header !== null;
  }

  /** Adds a row; blank rows are skipped. Cells of a sparse array may be undefined. */
  add(row: number, cells: readonly (CellValue | undefined)[]): void {
    if (row > HEADER_ROWS) this.finish();
    if (this.#head !== null) this.#head.push({ row, cells });
    else if (this.header !== null && row > this.header.row) this.#keep(row, cells);
  }

  /** Chooses the header if that has not happened: after the first rows, or at the end of the sheet. */
  finish(): void {
    const head = this.#head;
    if (head === null || "columns" in this.search) return;
    const header = this.search.choose(head);
    this.#decide(header);
    for (const { row, cells } of head) {
      if (header !== null && row > header.row) this.#keep(row, cells);
    }
  }

  #decide(header: Header | null): void {
    this.#head = null;
    this.header = header;
    this.#columns = header?.columns.map(({ index }) => index) ?? [];
    this.#wanted = new Set(this.#columns);
  }

  #keep(row: number, cells: readonly (CellValue | undefined)[]): void {
    const kept: (CellValue | undefined)[] = [];
    let blank = true;
    for (const column of this.#columns) {
      const cell = cells[column];
      if (cell === undefined || cell === null) continue;
      kept[column] = this.#cut(cell);
      blank &&= isBlank(cell);
    }
    if (blank) return;
    if (this.rows.length >= this.maxRows) throw tooManyRows(this.maxRows);
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
    const byNumber = new Map(this.rows.map((row) => [row.row, row.cells]));
    const lastRow = this.rows.at(-1)?.row ?? 0;
    const { filledDown } = this.header;
    // Merged ranges do not overlap; the bound is for forged files in which they do.
    let steps = lastRow * filledDown.size;
    for (const { firstRow, lastRow: rangeEnd, firstColumn: column } of ranges) {
      const value = filledDown.has(column) ? byNumber.get(firstRow)?.[column] : undefined;
      if (isBlank(value)) continue;
      const last = Math.min(rangeEnd, lastRow, firstRow + steps);
      steps -= Math.max(0, last - firstRow);
      for (let row = firstRow + 1; row <= last; row++) {
        const cells = byNumber.get(row);
        if (cells && isBlank(cells[column])) cells[column] = value;
      }
    }
  }

  table(sheetName: string | null, hidden: ReadonlySet<number> = new Set()): SheetTable | null {
    const hiddenRows = hidden.size === 0
      ? []
      : this.rows.map(({ row }) => row).filter((row) => hidden.has(row));
    return this.header && { sheetName, header: this.header, rows: this.rows, hiddenRows };
  }
}

/** The error for a table with too many rows. */
export function tooManyRows(limit: number): SheetError {
  return new SheetError(
    "too_many_rows",
    `The file has more than ${limit} rows. Split it, or save it as CSV if it is a workbook, ` +
      "and send the parts one after the other.",
  );
}
