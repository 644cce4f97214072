import { type CellValue, excelError, meansNothing } from "./cell.ts";
import { cleanText, westernDigits } from "./clean_text.ts";
import { parseMoney } from "./money.ts";
import { normalizePhone } from "./phone.ts";

/** The fields of a customer that people enter, in the order of error reports. */
export const CUSTOMER_FIELDS = ["name", "account_number", "phone", "arrears", "status"] as const;
export type CustomerField = (typeof CUSTOMER_FIELDS)[number];
export type CustomerStatus = "connected" | "disconnected" | "warned";

/** One customer as stored: phone in E.164, arrears as `numeric(14,2)` text. */
export interface NormalizedCustomer {
  name: string;
  account_number: string;
  phone: string;
  arrears: string;
  /** null: not given. A new customer is then connected, an existing one keeps their status. */
  status: CustomerStatus | null;
}

export type CustomerCells = Partial<Record<CustomerField, CellValue>>;
export interface FieldError {
  field: CustomerField;
  message: string;
}
export interface CustomerOptions {
  /** ISO 3166 alpha-2: the country of phone numbers without a country code. */
  country: string;
  /** ISO 4217: the only currency allowed in amounts. */
  currency: string;
}
export type CustomerResult =
  | { ok: true; customer: NormalizedCustomer }
  | { ok: false; errors: FieldError[] };

/** The value of one field, or an error message. */
export type FieldResult<T> = { value: T } | { message: string };

const EXPONENT = /^\d(?:[.,]\d+)?E\+\d+$/i;
const STATUS_WORDS: Record<string, CustomerStatus> = {
  active: "connected",
  connect: "connected",
  connected: "connected",
  on: "connected",
  reconnected: "connected",
  cut: "disconnected",
  cutoff: "disconnected",
  disconnect: "disconnected",
  disconnected: "disconnected",
  inactive: "disconnected",
  off: "disconnected",
  warn: "warned",
  warned: "warned",
  warning: "warned",
};

/** The error of a cell whose kind is invalid in every column, or null. */
function kindError(cell: CellValue): string | null {
  if (typeof cell === "string") return excelError(cell.trim());
  if (typeof cell === "boolean") return "This is TRUE or FALSE where a text or number belongs.";
  if (cell === null || typeof cell !== "object") return null;
  if (cell.kind === "error") return excelError(cell.text) ?? "The cell holds a spreadsheet error.";
  return cell.kind === "date" ? "This is a date. Is the value in the wrong column?" : null;
}

function wholeNumber(value: number): string | null {
  const near = Math.round(value);
  // Beyond 15 digits Excel has already replaced the last digits with zeros.
  if (Math.abs(value) >= 1e15) return null;
  return Math.abs(value - near) <= 1e-6 ? String(near) : String(value);
}

function readName(cell: CellValue): FieldResult<string> {
  const text = cleanText(fullText(cell));
  if (text === "" || meansNothing(text)) return { message: "The name is missing." };
  if ([...text].length > 255) return { message: "The name is longer than 255 characters." };
  return { value: text };
}

function fullText(cell: CellValue): string {
  if (cell === null) return "";
  return typeof cell === "object" ? cell.text : String(cell);
}

function readAccountNumber(cell: CellValue): FieldResult<string> {
  const raw = typeof cell === "number" ? wholeNumber(cell) : fullText(cell);
  if (raw === null || EXPONENT.test(raw.trim())) {
    return {
      message: "The spreadsheet program did not keep all digits of this number. " +
        "Format the column as text, enter the number again and save the file.",
    };
  }
  // Programs that keep numbers as decimals write 123 as 123.0.
  const text = westernDigits(cleanText(raw)).replace(/^(\d+)\.0$/, "$1");
  if (text === "" || meansNothing(text)) return { message: "The account number is missing." };
  if ([...text].length > 50) {
    return { message: "The account number is longer than 50 characters." };
  }
  if (/[{}]/.test(text)) return { message: "An account number cannot contain { or }." };
  return { value: text };
}

/** Number formats such as 000000 matter to account numbers only. */
function unformatted(cell: CellValue): string | number {
  if (typeof cell === "number") return cell;
  return typeof cell === "object" && cell?.kind === "formatted" ? cell.number : fullText(cell);
}

function readPhone(cell: CellValue, options: CustomerOptions): FieldResult<string> {
  const result = normalizePhone(unformatted(cell), options.country);
  return result.ok ? { value: result.phone } : { message: result.message };
}

function readArrears(cell: CellValue, options: CustomerOptions): FieldResult<string> {
  if (cell !== null && typeof cell === "object" && cell.kind === "blank_formula") {
    return { message: "The formula gives no amount. Enter the amount, or 0 if nothing is owed." };
  }
  const result = parseMoney(unformatted(cell), options.currency);
  return result.ok ? { value: result.amount } : { message: result.message };
}

function readStatus(cell: CellValue): FieldResult<CustomerStatus | null> {
  const text = cleanText(fullText(cell));
  const word = text.toLowerCase().replace(/[\s\-_.]/g, "");
  const status = word === "" || meansNothing(text)
    ? null
    : Object.hasOwn(STATUS_WORDS, word) && STATUS_WORDS[word];
  if (status === false || status === undefined) {
    return { message: "The status must be connected, disconnected or warned." };
  }
  return { value: status };
}

const READERS: {
  [F in CustomerField]: (
    cell: CellValue,
    options: CustomerOptions,
  ) => FieldResult<NormalizedCustomer[F]>;
} = {
  name: readName,
  account_number: readAccountNumber,
  phone: readPhone,
  arrears: readArrears,
  status: readStatus,
};

/** One field of a customer: the value to store, or an error message. */
export function readCustomerField<F extends CustomerField>(
  field: F,
  cell: CellValue,
  options: CustomerOptions,
): FieldResult<NormalizedCustomer[F]> {
  const message = kindError(cell);
  return message === null ? READERS[field](cell, options) : { message };
}

/**
 * One customer from the cells of a row, by the rules that sheets, JSON and forms share. A missing
 * cell is empty: empty arrears are 0.00, an empty status is null.
 */
export function customerFromCells(cells: CustomerCells, options: CustomerOptions): CustomerResult {
  const errors: FieldError[] = [];
  function read<F extends CustomerField>(field: F, none: NormalizedCustomer[F]) {
    const result = readCustomerField(field, cells[field] ?? null, options);
    if ("value" in result) return result.value;
    errors.push({ field, message: result.message });
    return none;
  }
  const customer: NormalizedCustomer = {
    name: read("name", ""),
    account_number: read("account_number", ""),
    phone: read("phone", ""),
    arrears: read("arrears", ""),
    status: read("status", null),
  };
  return errors.length === 0 ? { ok: true, customer } : { ok: false, errors };
}

/** The key by which account numbers are compared: case and surrounding white space do not count. */
export function accountKey(accountNumber: string): string {
  return accountNumber.toLowerCase();
}
