import { customFieldKeys, leadFieldOf } from "../../_shared/lead_import/mapping.ts";
import type { Terms } from "../../_shared/lead_import/terms.ts";
import { SheetError } from "../../_shared/sheet/error.ts";
import {
  type Header,
  type HeaderColumn,
  type HeaderRules,
  type HeadRow,
  shownTexts,
} from "../../_shared/sheet/header.ts";
import { headerKeys } from "../../_shared/sheet/header_key.ts";
import { HEADER_ROWS } from "../../_shared/sheet/limits.ts";

// Fields whose merged cells apply to every row covered; a merged phone number would make one person many.
const FILLED_DOWN = new Set(["source", "status", "tags", "country", "region", "time_zone"]);
const CONTACT = new Set(["first_name", "last_name", "full_name", "email", "phone"]);

/** Whether a text can be a column's name: words, unlike the values below. */
function isLabel(text: string): boolean {
  return /\p{L}/u.test(text) && !text.includes("@") && !/\d{5}/.test(text);
}

/** Finds the header of a file of leads. Every column with a name is read. */
export class LeadHeaderRules implements HeaderRules {
  readonly #customKeys: ReadonlyMap<string, string>;

  /** @param isGiven Whether the client gave the header's row. */
  constructor(
    terms: Pick<Terms, "fields">,
    private readonly currency: string,
    private readonly isGiven: boolean,
  ) {
    this.#customKeys = customFieldKeys(terms);
  }

  /**
   * A row with a known contact field is certainly a header; the more known fields, the better. A row
   * of words is one only if there is no such row, and any row with a name if the client gave it.
   */
  rate(names: readonly string[]): { score: number; isCertain: boolean } | null {
    const used = names.filter((name) => name !== "");
    const fields = new Set<string>();
    for (const name of used) {
      const keys = headerKeys(name, this.currency);
      const field = keys.find((key) => this.#customKeys.has(key)) ??
        leadFieldOf(name, this.currency);
      if (field !== undefined) fields.add(field);
    }
    if ([...fields].some((field) => CONTACT.has(field))) {
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
      .filter(({ name }) => FILLED_DOWN.has(leadFieldOf(name, this.currency) ?? ""))
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
