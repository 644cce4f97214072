import { cleanText } from "../../_shared/clean_text.ts";
import { cellText, type CellValue } from "../../_shared/cell.ts";
import { CUSTOMER_FIELDS, type CustomerField } from "../../_shared/customer_row.ts";
import { SheetError } from "../../_shared/sheet/error.ts";
import { headerKey } from "../../_shared/sheet/header_key.ts";
import { HEADER_ROWS } from "../../_shared/sheet/limits.ts";
import type { Header as SheetHeader, HeaderSearch } from "../../_shared/sheet/row_collector.ts";

type Header = SheetHeader<CustomerField>;

// Merged arrears are owed once, and a merged account number would be a duplicate.
const FILLED_DOWN: CustomerField[] = ["name", "phone", "status"];

const REQUIRED: CustomerField[] = ["name", "account_number", "phone", "arrears"];

/**
 * Known headers by field, without case, accents, spaces and punctuation. The second list counts
 * only without a column of the first: next to "Account No", "Meter Number" is something else.
 */
const NAMES: Record<CustomerField, [string, string]> = {
  name: ["name customername fullname clientname consumername accountname", "client customer"],
  account_number: [
    "accountnumber account accountno accno accnumber acct acctno acctnumber accountid",
    "meternumber meterno meter",
  ],
  phone: [
    "phone phonenumber phoneno mobile mobilenumber mobileno mobilephone tel telephone telno " +
    "telephonenumber telephoneno msisdn cellphone",
    "contact contactnumber contactno contactphone",
  ],
  arrears: [
    "arrears amountowed amountdue arrearsamount totalarrears",
    "balance outstanding outstandingbalance outstandingamount debt amount",
  ],
  status: ["status", "customerstatus accountstatus connectionstatus"],
};

const FIELD_OF = new Map<string, { field: CustomerField; weak: boolean }>();
for (const field of CUSTOMER_FIELDS) {
  for (const [list, weak] of [[NAMES[field][0], false], [NAMES[field][1], true]] as const) {
    for (const name of list.split(" ")) FIELD_OF.set(name, { field, weak });
  }
}

/** The header in a row, possibly incomplete. Of equal columns the first counts. */
function matchHeader(cells: readonly (CellValue | undefined)[]): Header {
  const header: Header = new Map();
  const weakMatches = new Set<CustomerField>();
  for (const [column, cell] of cells.entries()) {
    if (typeof cell !== "string") continue;
    const match = FIELD_OF.get(headerKey(cell));
    if (!match) continue;
    const taken = header.has(match.field) && !(weakMatches.has(match.field) && !match.weak);
    if (taken) continue;
    header.set(match.field, { column, text: cleanText(cell) });
    if (match.weak) weakMatches.add(match.field);
    else weakMatches.delete(match.field);
  }
  return header;
}

function isComplete(header: Header): boolean {
  return REQUIRED.every((field) => header.has(field));
}

/** Searches the header row of a file and keeps the closest match for the error. */
export class CustomerHeaderSearch implements HeaderSearch<CustomerField> {
  #nearest: Header = new Map();
  #seen: string[] = [];

  /** The header, when this row is one. */
  offer(cells: readonly (CellValue | undefined)[]): Header | null {
    const header = matchHeader(cells);
    if (isComplete(header)) return header;
    if (this.#seen.length === 0 || header.size > this.#nearest.size) {
      this.#nearest = header;
      this.#seen = cells.map((cell) => cleanText(cellText(cell) ?? "")).filter((text) => text);
    }
    return null;
  }

  fillsDown(field: CustomerField): boolean {
    return FILLED_DOWN.includes(field);
  }

  /** The error without a header: the expected columns and what was found. */
  failure(): SheetError {
    if (this.#seen.length === 0) return new SheetError("no_rows", "The sheet has no rows.");
    const missing = REQUIRED.filter((field) => !this.#nearest.has(field)).map(readable);
    const seen = this.#seen.slice(0, 20).map((text) => `"${text}"`).join(", ");
    return new SheetError(
      "header_not_found",
      `No row with column names was found in the first ${HEADER_ROWS} rows. ` +
        `Columns needed: ${REQUIRED.map(readable).join(", ")} (and status, if there is one). ` +
        `Missing: ${missing.join(", ")}. Found instead: ${seen}.`,
    );
  }
}

function readable(field: CustomerField): string {
  return field.replace("_", " ");
}
