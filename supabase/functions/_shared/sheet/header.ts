import { cellText, type CellValue } from "../cell.ts";
import { cleanText } from "../clean_text.ts";
import { SheetError } from "./error.ts";
import { HEADER_ROWS } from "./limits.ts";

/** One of the first rows of a sheet, with its 1-based number. Cells of sparse arrays may be undefined. */
export interface HeadRow {
  row: number;
  cells: readonly (CellValue | undefined)[];
}

/** A column of a sheet: its index from 0 and its name in the header. */
export interface HeaderColumn {
  index: number;
  name: string;
}

/** The header of a sheet and the columns that are read. */
export interface Header {
  row: number;
  /** Number of cells of the header's row, with or without a name. */
  width: number;
  /** Number of cells up to the last one with a name. */
  named: number;
  columns: readonly HeaderColumn[];
  /** Columns whose merged cells apply to every row that they cover. */
  filledDown: ReadonlySet<number>;
  /** How well the row matches; of several tables the best is read. */
  score: number;
  /** Whether the names show that this is the table; otherwise another sheet may match better. */
  isCertain: boolean;
}

/** What an upload expects of a header. */
export interface HeaderRules {
  /** Rates a row by its names, "" for cells without one; null when the row is no header. */
  rate(names: readonly string[]): { score: number; isCertain: boolean } | null;
  /** The columns to read, all with a name. */
  select(columns: readonly HeaderColumn[]): Pick<Header, "columns" | "filledDown">;
  /** The error for the given row, which is the closest match. */
  failure(row: HeadRow | null): SheetError;
}

const maxColumns = 200;
const longestName = 200;

/** The texts of a row as names of columns; other values are no names. */
export function namesOf({ cells }: HeadRow): string[] {
  return Array.from({ length: Math.min(cells.length, maxColumns) }, (_, column) => {
    const cell = cells[column];
    return typeof cell === "string" ? cleanText(cell).slice(0, longestName).toWellFormed() : "";
  });
}

/** The texts of a row for an error message. */
export function shownTexts({ cells }: HeadRow): string[] {
  return cells.map((cell) => cleanText(cellText(cell) ?? "").slice(0, 50)).filter((text) => text)
    .slice(0, 20);
}

/**
 * Chooses the header among the first rows of a table: the best-rated row, of equal ones the first.
 * A column without a name in that row takes the name above it, for headers of two rows.
 */
export class HeaderSearch {
  /** The closest match so far, for the error. */
  #closest: { row: HeadRow; score: number } | null = null;

  /** @param headerRow The number of the header's row if the client gave it. */
  constructor(
    private readonly rules: HeaderRules,
    private readonly headerRow: number | null = null,
  ) {}

  choose(rows: readonly HeadRow[]): Header | null {
    let best: { row: HeadRow; names: string[]; score: number; isCertain: boolean } | null = null;
    for (const row of rows) {
      if (row.row > HEADER_ROWS || (this.headerRow !== null && row.row !== this.headerRow)) {
        continue;
      }
      const names = namesOf(row);
      const used = names.filter((name) => name !== "").length;
      if (this.#closest === null || used > this.#closest.score) {
        if (shownTexts(row).length > 0) this.#closest = { row, score: used };
      }
      const rating = this.rules.rate(names);
      if (rating !== null && (best === null || rating.score > best.score)) {
        best = { row, names, ...rating };
      }
    }
    if (best === null) return null;
    return this.#headerOf(best, rows.find(({ row }) => row === best.row.row - 1));
  }

  #headerOf(
    { row, names, score, isCertain }: {
      row: HeadRow;
      names: string[];
      score: number;
      isCertain: boolean;
    },
    above: HeadRow | undefined,
  ): Header {
    const namesAbove = above === undefined ? [] : namesOf(above);
    const columns = names
      .map((name, index) => ({ index, name: name || namesAbove[index] || "" }))
      .filter(({ name }) => name !== "");
    return {
      row: row.row,
      width: row.cells.length,
      named: (columns.at(-1)?.index ?? -1) + 1,
      score,
      isCertain,
      ...this.rules.select(columns),
    };
  }

  failure(): SheetError {
    return this.rules.failure(this.#closest?.row ?? null);
  }
}
