import { CUSTOMER_FIELDS, type CustomerField } from "../../_shared/customer_row.ts";
import { SheetError } from "../../_shared/sheet/error.ts";
import { columnOf } from "../../_shared/sheet/column.ts";
import {
  type Header,
  type HeaderColumn,
  type HeaderRules,
  type HeadRow,
  shownTexts,
} from "../../_shared/sheet/header.ts";
import { headerKeys } from "../../_shared/sheet/header_key.ts";
import { HEADER_ROWS } from "../../_shared/sheet/limits.ts";

/** Fields by column header or index, as clients give them. */
export type CustomerMapping = Readonly<Record<string, CustomerField | "" | null>>;

/** The column of each field that was found. */
export type CustomerColumns = Map<CustomerField, HeaderColumn>;

// Merged arrears are owed once, and a merged account number would be a duplicate.
const FILLED_DOWN: CustomerField[] = ["name", "phone", "status"];

const REQUIRED: CustomerField[] = ["name", "account_number", "phone", "arrears"];

/**
 * Known headers by field, without case, accents, spaces and punctuation. The second list counts
 * only without a column of the first: next to "Account No", "Meter Number" is something else.
 */
const NAMES: Record<CustomerField, [string, string]> = {
  name: [
    "name customername fullname clientname consumername accountname nameofcustomer names customernames",
    "client customer",
  ],
  account_number: [
    "accountnumber account accountno accno accnumber acct acctno acctnumber accountid acno acnumber",
    "meternumber meterno meter customernumber customerno customerid clientnumber clientno clientid",
  ],
  phone: [
    "phone phonenumber phoneno mobile mobilenumber mobileno mobilephone tel telephone telno " +
    "telephonenumber telephoneno msisdn cell cellphone cellnumber cellno customerphone " +
    "customermobile clientphone mobiletel telmobile phonemobile",
    "contact contactnumber contactno contactphone",
  ],
  arrears: [
    "arrears amountowed amountdue arrearsamount totalarrears amtowed amtdue totaldue totalowed " +
    "currentarrears",
    "balance outstanding outstandingbalance outstandingamount outstandingbal debt amount " +
    "currentbalance totalbalance totaloutstanding amountoutstanding balancedue",
  ],
  status: ["status", "customerstatus accountstatus connectionstatus"],
};

const FIELD_OF = new Map<string, { field: CustomerField; isWeak: boolean }>();
for (const field of CUSTOMER_FIELDS) {
  for (const [list, isWeak] of [[NAMES[field][0], false], [NAMES[field][1], true]] as const) {
    for (const name of list.split(" ")) FIELD_OF.set(name, { field, isWeak });
  }
}

/** The columns of the known headers; of equal ones the first. */
function knownColumns(columns: readonly HeaderColumn[], currency: string): CustomerColumns {
  const found: CustomerColumns = new Map();
  const weakMatches = new Set<CustomerField>();
  for (const column of columns) {
    const match = headerKeys(column.name, currency).map((key) => FIELD_OF.get(key))
      .find((known) => known !== undefined);
    if (match === undefined) continue;
    const isTaken = found.has(match.field) && !(weakMatches.has(match.field) && !match.isWeak);
    if (isTaken) continue;
    found.set(match.field, column);
    if (match.isWeak) weakMatches.add(match.field);
    else weakMatches.delete(match.field);
  }
  return found;
}

/** Finds the columns of customers: by the client's mapping, and the others by known headers. */
export class CustomerHeaderRules implements HeaderRules {
  /** All columns of the header that was chosen. */
  allColumns: readonly HeaderColumn[] = [];

  constructor(private readonly currency: string, private readonly mapping: CustomerMapping = {}) {}

  /** The column of each field. Columns of the mapping are used for nothing else. */
  columns(columns: readonly HeaderColumn[]): CustomerColumns {
    const mapped: CustomerColumns = new Map();
    const used = new Set<HeaderColumn>();
    for (const [name, field] of Object.entries(this.mapping)) {
      const column = columnOf(name, columns);
      if (column === undefined) continue;
      used.add(column);
      if (field) mapped.set(field, column);
    }
    const known = knownColumns(columns.filter((column) => !used.has(column)), this.currency);
    return new Map([...known, ...mapped]);
  }

  rate(names: readonly string[]): { score: number; isCertain: boolean } | null {
    const columns = names.map((name, index) => ({ index, name })).filter(({ name }) => name !== "");
    const found = this.columns(columns);
    // A number names a column of every row, so only names show that a row is the header.
    const isNamed = columns.some(({ name }) => Object.hasOwn(this.mapping, name)) ||
      knownColumns(columns, this.currency).size > 0;
    const isComplete = REQUIRED.every((field) => found.has(field));
    return isComplete && isNamed ? { score: found.size, isCertain: true } : null;
  }

  /** Names in the mapping that are no columns of the header. */
  unknownNames(): string[] {
    return Object.keys(this.mapping)
      .filter((name) => columnOf(name, this.allColumns) === undefined);
  }

  select(columns: readonly HeaderColumn[]): Pick<Header, "columns" | "filledDown"> {
    this.allColumns = columns;
    const found = this.columns(columns);
    const filledDown = FILLED_DOWN.map((field) => found.get(field)?.index)
      .filter((index) => index !== undefined);
    return { columns: [...found.values()], filledDown: new Set(filledDown) };
  }

  failure(row: HeadRow | null): SheetError {
    if (row === null) return new SheetError("no_rows", "The sheet has no rows.");
    const seen = shownTexts(row);
    const found = this.columns(seen.map((name, index) => ({ index, name })));
    const missing = REQUIRED.filter((field) => !found.has(field)).map(readable);
    return new SheetError(
      "header_not_found",
      `No row with column names was found in the first ${HEADER_ROWS} rows. ` +
        `Columns needed: ${REQUIRED.map(readable).join(", ")} (and status, if there is one). ` +
        `Missing: ${missing.join(", ")}. Found instead: ${
          seen.map((text) => `"${text}"`).join(", ")
        }. Rename the columns, or map them with \`mapping\` and give the row with \`header_row\`.`,
    );
  }
}

function readable(field: CustomerField): string {
  return field.replace("_", " ");
}
