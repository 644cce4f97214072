import { cellText } from "../../_shared/cell.ts";
import {
  accountKey,
  type CustomerField,
  customerFromCells,
  type CustomerOptions,
  type NormalizedCustomer,
} from "../../_shared/customer_row.ts";
import { loadPhoneNumbers } from "../../_shared/phone.ts";
import { SheetError, unreadable } from "../../_shared/sheet/error.ts";
import { fileKind } from "../../_shared/sheet/file_kind.ts";
import { MAX_FILE_BYTES, MAX_ROWS } from "../../_shared/sheet/limits.ts";
import type { SheetRow, SheetTable } from "../../_shared/sheet/row_collector.ts";
import { readXls } from "../../_shared/sheet/xls.ts";
import { readXlsx } from "../../_shared/sheet/xlsx.ts";
import { readCsv } from "./csv.ts";
import { CustomerHeaderSearch } from "./header.ts";

export interface SheetOptions extends CustomerOptions {
  /** Maximum number of rows below the header; at most `MAX_ROWS`. */
  maxRows?: number;
  /** Maximum number of listed errors (default 1,000); all are counted. */
  maxErrors?: number;
}

/** A customer with the sheet's 1-based row number. */
export type CustomerRow = NormalizedCustomer & { row: number };

export interface RowError {
  row: number;
  field: CustomerField;
  /** Displayed text of the cell, at most 100 characters; null when empty. */
  value: string | null;
  message: string;
  kind: "invalid" | "duplicate";
}

export interface SheetResult {
  fileName: string;
  /** null for CSV. */
  sheetName: string | null;
  /** Rows below the header with a value in a relevant column. */
  totalRows: number;
  /** The header of each column found, as in the sheet. */
  columns: Partial<Record<CustomerField, string>>;
  rows: CustomerRow[];
  errors: RowError[];
  errorsTruncated: boolean;
  /** Rows, not errors: a row with three bad cells counts once. */
  invalidRows: number;
  duplicateRows: number;
}

/**
 * Reads a sheet of customers (.xlsx, .xls, CSV; distinguished by content) into rows that can be
 * stored. Invalid rows are reported, the others are kept. Row numbers are those of spreadsheet
 * programs: in CSV blank lines count, line breaks inside quotes do not.
 * @throws SheetError when the whole file cannot be read.
 */
export async function readCustomerSheet(
  file: { name: string; bytes: Uint8Array },
  options: SheetOptions,
): Promise<SheetResult> {
  await loadPhoneNumbers();
  const table = await readTable(file.bytes, options.maxRows ?? Infinity);
  if (table.rows.length === 0) {
    throw new SheetError("no_rows", "There are column names, but no rows below them.");
  }
  const columns: SheetResult["columns"] = {};
  for (const [field, place] of table.header) columns[field] = place.text;
  return {
    fileName: file.name,
    sheetName: table.sheetName,
    totalRows: table.rows.length,
    columns,
    ...normalizeRows(table.rows, options),
  };
}

async function readTable(bytes: Uint8Array, maxRows: number): Promise<SheetTable<CustomerField>> {
  if (bytes.length === 0) throw new SheetError("file_empty", "The file is empty.");
  if (bytes.length > MAX_FILE_BYTES) {
    throw new SheetError(
      "file_too_large",
      `The file is larger than ${MAX_FILE_BYTES >> 20} MB. Split it and send the parts.`,
    );
  }
  const kind = fileKind(bytes);
  const limit = Math.min(maxRows, MAX_ROWS[kind]);
  try {
    if (kind === "csv") return readCsv(bytes, limit);
    const read = kind === "xls" ? readXls : readXlsx;
    return await read(bytes, limit, () => new CustomerHeaderSearch());
  } catch (error) {
    // Parsers can throw anything on a damaged file; this is not an internal error.
    throw error instanceof SheetError ? error : unreadable();
  }
}

type Normalized = Pick<
  SheetResult,
  "rows" | "errors" | "errorsTruncated" | "invalidRows" | "duplicateRows"
>;

function normalizeRows(
  sheetRows: readonly SheetRow<CustomerField>[],
  options: SheetOptions,
): Normalized {
  const maxErrors = options.maxErrors ?? 1_000;
  const firstRow = new Map<string, number>();
  const result: Normalized = {
    rows: [],
    errors: [],
    errorsTruncated: false,
    invalidRows: 0,
    duplicateRows: 0,
  };
  function report(error: RowError): void {
    if (result.errors.length < maxErrors) result.errors.push(error);
    else result.errorsTruncated = true;
  }
  for (const { row, cells } of sheetRows) {
    const read = customerFromCells(cells, options);
    if (!read.ok) {
      result.invalidRows++;
      for (const { field, message } of read.errors) {
        report({ row, field, value: cellText(cells[field]), message, kind: "invalid" });
      }
      continue;
    }
    const { customer } = read;
    const first = firstRow.get(accountKey(customer.account_number));
    if (first === undefined) {
      firstRow.set(accountKey(customer.account_number), row);
      result.rows.push({ row, ...customer });
      continue;
    }
    result.duplicateRows++;
    const message = `This account number is already in row ${first}, which is kept.`;
    const value = customer.account_number;
    report({ row, field: "account_number", value, message, kind: "duplicate" });
  }
  return result;
}
