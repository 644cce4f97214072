import { cellText, isBlank } from "../../_shared/cell.ts";
import {
  accountKey,
  type CustomerCells,
  type CustomerField,
  customerFromCells,
  type CustomerOptions,
  type NormalizedCustomer,
} from "../../_shared/customer_row.ts";
import { loadPhoneNumbers } from "../../_shared/phone.ts";
import { type CsvTable, readCsv } from "../../_shared/sheet/csv_table.ts";
import { SheetError, unreadable } from "../../_shared/sheet/error.ts";
import { fileKind } from "../../_shared/sheet/file_kind.ts";
import { HeaderSearch } from "../../_shared/sheet/header.ts";
import { MAX_FILE_BYTES, MAX_ROWS } from "../../_shared/sheet/limits.ts";
import type { SheetTable } from "../../_shared/sheet/row_collector.ts";
import { hiddenRowsWarning } from "../../_shared/sheet/row_warnings.ts";
import { readXls } from "../../_shared/sheet/xls.ts";
import { readXlsx } from "../../_shared/sheet/xlsx.ts";
import { type CustomerColumns, CustomerHeaderRules, type CustomerMapping } from "./columns.ts";

export interface SheetOptions extends CustomerOptions {
  /** Maximum number of rows below the header; at most `MAX_ROWS`. */
  maxRows?: number;
  /** Maximum number of listed errors (default 1,000), and of listed warnings; all errors are counted. */
  maxErrors?: number;
  /** Columns that the client assigns to fields; the others are found by their headers. */
  mapping?: CustomerMapping;
  /** The row number of the header if the client gives it. */
  headerRow?: number;
}

/** A customer with the sheet's 1-based row number. */
export type CustomerRow = NormalizedCustomer & { row: number };

/** A remark on a row that is read all the same, or with `field` "" on the row as a whole. */
export interface RowWarning {
  row: number;
  field: CustomerField | "";
  /** Displayed text of the cell, at most 100 characters; null when empty. */
  value: string | null;
  message: string;
}

export interface RowError extends RowWarning {
  kind: "invalid" | "duplicate";
}

export interface SheetResult {
  fileName: string;
  /** null for CSV. */
  sheetName: string | null;
  headerRow: number;
  /** Rows below the header with a value in a relevant column. */
  totalRows: number;
  /** Rows that are hidden in the workbook and read all the same. */
  hiddenRows: number;
  /** The header of each column found, as in the sheet. */
  columns: Partial<Record<CustomerField, string>>;
  /** Names in the mapping that are no columns of the file. */
  unknownNames: string[];
  rows: CustomerRow[];
  errors: RowError[];
  errorsTruncated: boolean;
  warnings: RowWarning[];
  warningsTruncated: boolean;
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
  const rules = new CustomerHeaderRules(options.currency, options.mapping);
  const table = await readTable(file.bytes, options, rules);
  if (table.rows.length === 0) {
    throw new SheetError("no_rows", "There are column names, but no rows below them.");
  }
  const columns = rules.columns(rules.allColumns);
  return {
    fileName: file.name,
    sheetName: table.sheetName,
    headerRow: table.header.row,
    totalRows: table.rows.length,
    hiddenRows: table.hiddenRows.length,
    columns: Object.fromEntries([...columns].map(([field, { name }]) => [field, name])),
    unknownNames: rules.unknownNames(),
    ...normalizeRows(table, columns, options),
  };
}

async function readTable(
  bytes: Uint8Array,
  { maxRows = Infinity, headerRow }: SheetOptions,
  rules: CustomerHeaderRules,
): Promise<SheetTable | CsvTable> {
  if (bytes.length === 0) throw new SheetError("file_empty", "The file is empty.");
  if (bytes.length > MAX_FILE_BYTES) {
    throw new SheetError(
      "file_too_large",
      `The file is larger than ${MAX_FILE_BYTES >> 20} MB. Split it and send the parts.`,
    );
  }
  const kind = fileKind(bytes);
  const limit = Math.min(maxRows, MAX_ROWS[kind]);
  const newSearch = () => new HeaderSearch(rules, headerRow);
  try {
    if (kind === "csv") return await readCsv(bytes, limit, newSearch);
    const read = kind === "xls" ? readXls : readXlsx;
    return await read(bytes, limit, newSearch());
  } catch (error) {
    // Parsers can throw anything on a damaged file; this is not an internal error.
    throw error instanceof SheetError ? error : unreadable();
  }
}

/** A list of at most so many entries. */
class CappedList<T> {
  readonly entries: T[] = [];
  isTruncated = false;

  constructor(private readonly max: number) {}

  add(...entries: T[]): void {
    for (const entry of entries) {
      if (this.entries.length < this.max) this.entries.push(entry);
      else this.isTruncated = true;
    }
  }
}

function cellsOf(
  cells: SheetTable["rows"][number]["cells"],
  columns: CustomerColumns,
): CustomerCells {
  const byField: CustomerCells = {};
  for (const [field, { index }] of columns) byField[field] = cells[index] ?? null;
  return byField;
}

/** What is wrong with a row that is not kept: its length, or its cells. */
function rowErrors(
  row: number,
  byField: CustomerCells,
  found: string | { field: CustomerField; message: string }[],
): RowError[] {
  if (typeof found === "string") {
    return [{ row, field: "", value: null, message: found, kind: "invalid" }];
  }
  return found.map(({ field, message }) => ({
    row,
    field,
    value: cellText(byField[field]),
    message,
    kind: "invalid",
  }));
}

/** Remarks on a row that is kept. */
function rowWarnings(row: number, byField: CustomerCells, damaged?: string): RowWarning[] {
  const warnings: RowWarning[] = [];
  if (damaged !== undefined) warnings.push({ row, field: "", value: null, message: damaged });
  if (isBlank(byField.arrears)) {
    const message = "The amount is empty and counts as 0.00.";
    warnings.push({ row, field: "arrears", value: null, message });
  }
  return warnings;
}

function normalizeRows(
  table: SheetTable | CsvTable,
  columns: CustomerColumns,
  options: SheetOptions,
): Omit<
  SheetResult,
  | "fileName"
  | "sheetName"
  | "headerRow"
  | "totalRows"
  | "hiddenRows"
  | "columns"
  | "unknownNames"
> {
  const errors = new CappedList<RowError>(options.maxErrors ?? 1_000);
  const warnings = new CappedList<RowWarning>(options.maxErrors ?? 1_000);
  const hidden = hiddenRowsWarning(table.hiddenRows);
  if (hidden !== null) warnings.add({ ...hidden, field: "", value: null });
  const [lengthErrors, damage] = "lengthErrors" in table
    ? [table.lengthErrors, table.damage]
    : [new Map<number, string>(), new Map<number, string>()];
  const rows: CustomerRow[] = [];
  const firstRow = new Map<string, number>();
  let invalidRows = 0;
  let duplicateRows = 0;
  for (const { row, cells } of table.rows) {
    const lengthError = lengthErrors.get(row);
    const byField = cellsOf(cells, columns);
    const read = lengthError ?? customerFromCells(byField, options);
    if (typeof read === "string" || !read.ok) {
      invalidRows++;
      errors.add(...rowErrors(row, byField, typeof read === "string" ? read : read.errors));
      continue;
    }
    const { customer } = read;
    const key = accountKey(customer.account_number);
    const first = firstRow.get(key);
    if (first !== undefined) {
      duplicateRows++;
      const message = `This account number is already in row ${first}, which is kept.`;
      const value = customer.account_number;
      errors.add({ row, field: "account_number", value, message, kind: "duplicate" });
      continue;
    }
    firstRow.set(key, row);
    rows.push({ row, ...customer });
    warnings.add(...rowWarnings(row, byField, damage.get(row)));
  }
  return {
    rows,
    errors: errors.entries,
    errorsTruncated: errors.isTruncated,
    warnings: warnings.entries,
    warningsTruncated: warnings.isTruncated,
    invalidRows,
    duplicateRows,
  };
}
