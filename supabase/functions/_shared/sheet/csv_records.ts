import { SheetError } from "./error.ts";
import { MAX_CELL, MAX_COLUMNS } from "./limits.ts";

const FORMULA_GUARD = /^'(?=[=+\-@\t\r])/;

/**
 * Parses CSV (RFC 4180, leniently: any line end, quotes inside bare fields, text after a closing
 * quote). `onRecord` gets the record number, which is the row number in spreadsheet programs:
 * blank lines count, line breaks inside quotes do not. It returns false to stop. Fields beyond
 * `MAX_COLUMNS` are dropped. The apostrophe that guards exported text from being run as a formula
 * is removed.
 */
export function readRecords(
  text: string,
  delimiter: string,
  onRecord: (record: number, fields: string[]) => boolean,
): void {
  let at = 0;
  for (let record = 1; at < text.length; record++) {
    const fields: string[] = [];
    for (let more = true; more;) {
      const field = readField(text, at, delimiter, record);
      if (fields.length < MAX_COLUMNS) fields.push(field.value.replace(FORMULA_GUARD, ""));
      at = field.end;
      more = text[at] === delimiter;
      if (more) at++;
    }
    at += text.startsWith("\r\n", at) ? 2 : 1;
    if (!onRecord(record, fields)) return;
  }
}

function readField(text: string, start: number, delimiter: string, record: number) {
  if (text[start] !== '"') {
    const end = fieldEnd(text, start, delimiter);
    return { value: text.slice(start, end), end };
  }
  const close = closingQuote(text, start + 1, record);
  const end = fieldEnd(text, close + 1, delimiter);
  // Only the start of an overlong field is kept: MAX_CELL.
  const kept = Math.min(close, start + 1 + 4 * MAX_CELL);
  const quoted = text.slice(start + 1, kept).replaceAll('""', '"');
  return { value: quoted + text.slice(close + 1, end), end };
}

function closingQuote(text: string, start: number, record: number): number {
  for (let from = start;;) {
    const quote = text.indexOf('"', from);
    if (quote === -1) throw openQuote(record);
    if (text[quote + 1] !== '"') return quote;
    from = quote + 2;
  }
}

function fieldEnd(text: string, start: number, delimiter: string): number {
  const separator = delimiter.charCodeAt(0);
  let end = start;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === separator || code === 10 || code === 13) break;
  }
  return end;
}

function openQuote(record: number): SheetError {
  return new SheetError(
    "file_unreadable",
    `A quotation mark that opens in row ${record} never closes. Correct that row and send the file again.`,
  );
}
