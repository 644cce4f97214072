import type { CellValue } from "../../_shared/cell.ts";
import { cleanText } from "../../_shared/clean_text.ts";
import { leadFieldOf } from "../../_shared/lead_import/mapping.ts";
import { SheetError } from "../../_shared/sheet/error.ts";
import { HEADER_ROWS } from "../../_shared/sheet/limits.ts";
import type { Header, HeaderSearch } from "../../_shared/sheet/row_collector.ts";

/** A column of a file of leads: its index as text. */
export type ColumnKey = `${number}`;

const maxColumns = 200;
const longestName = 200;

// Fields whose merged cells apply to every row covered; a merged phone number would make one person many.
const FILLED_DOWN = new Set(["source", "status", "tags", "country", "region", "time_zone"]);

/** Whether a text can be a column's name: words, unlike the values below. */
function isLabel(text: string): boolean {
  return /\p{L}/u.test(text) && !text.includes("@") && !/\d{5}/.test(text);
}

/**
 * Finds the header of a file of leads: the first row with a known name, or with several cells that are all words. Every
 * column with a name belongs to it.
 */
export class LeadHeaderSearch implements HeaderSearch<ColumnKey> {
  #seen: string[] = [];
  #filledDown = new Set<ColumnKey>();

  constructor(private readonly isOwnField: (header: string) => boolean) {}

  offer(cells: readonly (CellValue | undefined)[]): Header<ColumnKey> | null {
    const names = Array.from(
      { length: Math.min(cells.length, maxColumns) },
      (_, column) => cleanText(typeof cells[column] === "string" ? cells[column] : ""),
    );
    const named = names.filter((name) => name !== "");
    if (this.#seen.length === 0) this.#seen = named;
    const known = names.some((name) => leadFieldOf(name) !== undefined || this.isOwnField(name));
    if (!known && !(named.length > 1 && named.every(isLabel))) return null;
    const header: Header<ColumnKey> = new Map();
    for (const [column, name] of names.entries()) {
      if (name === "") continue;
      header.set(`${column}`, { column, text: name.slice(0, longestName).toWellFormed() });
      if (FILLED_DOWN.has(leadFieldOf(name) ?? "")) this.#filledDown.add(`${column}`);
    }
    return header;
  }

  fillsDown(field: ColumnKey): boolean {
    return this.#filledDown.has(field);
  }

  failure(): SheetError {
    if (this.#seen.length === 0) return new SheetError("no_rows", "The sheet has no rows.");
    const seen = this.#seen.slice(0, 20).map((text) => `"${text.slice(0, 50)}"`).join(", ");
    return new SheetError(
      "header_not_found",
      `No row with column names was found in the first ${HEADER_ROWS} rows. Found instead: ${seen}.`,
    );
  }
}
