import { SheetError } from "../sheet/error.ts";
import {
  type Header,
  type HeaderColumn,
  type HeaderRules,
  type HeadRow,
  shownTexts,
} from "../sheet/header.ts";
import { HEADER_ROWS } from "../sheet/limits.ts";
import type { FieldRules } from "./columns.ts";

/** Whether a text can be a column's name: words, unlike the values below. */
function isLabel(text: string): boolean {
  return /\p{L}/u.test(text) && !text.includes("@") && !/\d{5}/.test(text);
}

/** Finds the header of a file. Every column with a name is read. */
export class FileHeaderRules implements HeaderRules {
  /** @param isGiven Whether the client gave the header's row. */
  constructor(private readonly fields: FieldRules, private readonly isGiven: boolean) {}

  /**
   * A row with a field that is certain is a header; the more known fields, the better. A row
   * of words is one only if there is no such row, and any row with a name if the client gave it.
   */
  rate(names: readonly string[]): { score: number; isCertain: boolean } | null {
    const used = names.filter((name) => name !== "");
    const fields = new Set(
      used.map((name) => this.fields.fieldOf(name)).filter((field) => field !== undefined),
    );
    if ([...fields].some((field) => this.fields.isCertain(field))) {
      return { score: 100 + fields.size, isCertain: true };
    }
    if (fields.size > 1) return { score: 50 + fields.size, isCertain: false };
    const isWords = used.length > 1 && used.every(isLabel);
    if (fields.size === 1 || isWords || (this.isGiven && used.length > 0)) {
      return { score: 1 + fields.size, isCertain: false };
    }
    return null;
  }

  select(columns: readonly HeaderColumn[]): Pick<Header, "columns" | "filledDown"> {
    const filledDown = columns
      .filter(({ name }) => this.fields.isFilledDown(name))
      .map(({ index }) => index);
    return { columns, filledDown: new Set(filledDown) };
  }

  failure(row: HeadRow | null): SheetError {
    if (row === null) return new SheetError("no_rows", "The sheet has no rows.");
    const seen = shownTexts(row).map((text) => `"${text}"`).join(", ");
    return new SheetError(
      "header_not_found",
      `No row with column names was found in the first ${HEADER_ROWS} rows. Found instead: ${seen}. ` +
        "Give the number of the row with `header_row`.",
    );
  }
}
