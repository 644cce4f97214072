/** Why a whole file cannot be read. Determines the response's `code` and HTTP status. */
export type SheetErrorCode =
  | "file_empty"
  | "file_encrypted"
  | "file_expands_too_much"
  | "file_is_html"
  | "file_too_large"
  | "file_truncated"
  | "file_type_unsupported"
  | "file_unreadable"
  | "header_not_found"
  | "no_rows"
  | "too_many_rows";

const STATUS: Partial<Record<SheetErrorCode, number>> = {
  file_expands_too_much: 413,
  file_is_html: 415,
  file_too_large: 413,
  file_type_unsupported: 415,
  too_many_rows: 413,
};

/** A file that cannot be read; `message` is for the person who sent it. */
export class SheetError extends Error {
  override readonly name = "SheetError";
  readonly status: number;

  constructor(readonly code: SheetErrorCode, message: string) {
    super(message);
    this.status = STATUS[code] ?? 422;
  }
}

/** For a file that is damaged. */
export function unreadable(): SheetError {
  return new SheetError(
    "file_unreadable",
    "The file is damaged and cannot be read. Open it in Excel, save it again and send the new file.",
  );
}

/** For a file that is not a table. */
export function unsupported(): SheetError {
  return new SheetError(
    "file_type_unsupported",
    "This kind of file cannot be read. Send an Excel workbook (.xlsx or .xls) or a CSV file.",
  );
}

/** For workbook formats that are not supported. */
export function oldFormat(): SheetError {
  return new SheetError(
    "file_type_unsupported",
    "This workbook is in a format that cannot be read: binary, OpenDocument or older than 1995. " +
      "Open it, choose Save As, Excel Workbook (.xlsx), and send that file.",
  );
}

/** For a file with a password. */
export function encrypted(): SheetError {
  return new SheetError(
    "file_encrypted",
    "The file is protected with a password. Remove the password in Excel (File, Info, " +
      "Protect Workbook, Encrypt with Password), save it and send it again.",
  );
}

/** For a file that expands too much. */
export function expandsTooMuch(): SheetError {
  return new SheetError(
    "file_expands_too_much",
    "The file holds more than can be read at once. Copy the rows and columns that are needed " +
      "into a new workbook and send that, or send them as CSV.",
  );
}
