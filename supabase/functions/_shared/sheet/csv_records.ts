import { withoutTextMarks } from "../csv.ts";
import { SheetError } from "./error.ts";
import { MAX_CELL, MAX_COLUMNS } from "./limits.ts";
import { DAMAGE_MARK } from "./text_file.ts";

/** Characters of a record that were not valid in UTF-8; `mac`: as accents of Mac OS Roman look. */
export type Damage = "byte" | "mac";

// What accented small letters of Mac OS Roman are in Windows-1252, where they do not follow a small letter.
const MAC_LETTER = new RegExp(
  `\\p{Ll}[\\u008d\\u008f\\u0090\\u009d\\u017d\\u2021\\u02c6\\u2122\\u2022\\u0178]${DAMAGE_MARK}`,
  "u",
);

/**
 * Parses CSV (RFC 4180, leniently: any line end, spaces before a quote, quotes inside bare fields,
 * text after a closing quote). `onRecord` gets the record number, which is the row number in
 * spreadsheet programs: blank lines count, line breaks inside quotes do not. It returns false to
 * stop. Fields beyond `MAX_COLUMNS` are dropped. Text marks (`="00123"`) and the marks of damaged
 * characters are removed; `damage` says whether there was one.
 */
export function readRecords(
  text: string,
  delimiter: string,
  onRecord: (record: number, fields: string[], damage: Damage | null) => boolean,
): void {
  let at = 0;
  for (let record = 1; at < text.length; record++) {
    const fields: string[] = [];
    let damage: Damage | null = null;
    for (let more = true; more;) {
      const field = readField(text, at, delimiter, record);
      if (field.value.includes(DAMAGE_MARK)) {
        damage = MAC_LETTER.test(field.value) ? "mac" : damage ?? "byte";
        field.value = field.value.replaceAll(DAMAGE_MARK, "");
      }
      if (fields.length < MAX_COLUMNS) fields.push(withoutTextMarks(field.value));
      at = field.end;
      more = text[at] === delimiter;
      if (more) at++;
    }
    at += text.startsWith("\r\n", at) ? 2 : 1;
    if (!onRecord(record, fields, damage)) return;
  }
}

function readField(text: string, start: number, delimiter: string, record: number) {
  const quote = delimiter === " " ? start : afterSpaces(text, start);
  if (text[quote] !== '"') {
    const end = fieldEnd(text, start, delimiter);
    return { value: text.slice(start, end), end };
  }
  const close = closingQuote(text, quote + 1, record);
  const end = fieldEnd(text, close + 1, delimiter);
  // Only the start of an overlong field is kept: MAX_CELL.
  const kept = Math.min(close, quote + 1 + 2 * MAX_CELL);
  const quoted = text.slice(quote + 1, kept).replaceAll('""', '"');
  return { value: quoted + text.slice(close + 1, end), end };
}

function afterSpaces(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) === 32) at++;
  return at;
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
