import { unreadable } from "./error.ts";
import { HEADER_ROWS } from "./limits.ts";
import { attribute } from "./xml.ts";

/** The rows of a worksheet's XML, up to the last one that has a value. */
export interface SheetSource {
  /** Namespace prefix of the sheet's elements with its colon; usually empty. */
  prefix: string;
  rows: string;
  /** The number of that last row; 0 without a value. */
  lastRow: number;
  merges: string[];
}

const MAX_MERGES = 50_000;

/**
 * Extracts the relevant parts of a worksheet. The rest would cost SheetJS time or memory, partly
 * without bounds: ranges with links, formatted empty rows, comments.
 */
export function sheetSource(xml: string): SheetSource {
  const start = /<((?:\w+:)?)sheetData(?:\s[^<>]*)?>|<(?:\w+:)?sheetData\s?\/>/.exec(xml);
  if (!start) throw unreadable();
  const prefix = start[1] ?? "";
  if (start[0].endsWith("/>")) return { prefix, rows: "", lastRow: 0, merges: [] };
  const from = start.index + start[0].length;
  const end = xml.indexOf(`</${prefix}sheetData>`, from);
  if (end === -1) throw unreadable();
  const kept = xml.slice(from, lastRowEnd(xml, { prefix, from, end }));
  return {
    prefix,
    rows: withPendingResults(kept, prefix),
    lastRow: lastRowNumber(kept, prefix),
    merges: mergesIn(xml.slice(end)),
  };
}

function mergesIn(xml: string): string[] {
  const merges: string[] = [];
  for (const [tag] of xml.matchAll(/<(?:\w+:)?mergeCell ref=["'][A-Z0-9:]+["']\s?\/?>/g)) {
    if (merges.push(tag) === MAX_MERGES) break;
  }
  return merges;
}

/** The same sheet with only the rows in which the header is searched. */
export function headOf(sheet: SheetSource): SheetSource {
  const open = `<${sheet.prefix}row`;
  let end = -1;
  for (let row = 0; row <= HEADER_ROWS; row++) {
    end = sheet.rows.indexOf(open, end + 1);
    if (end === -1) return sheet;
  }
  return { ...sheet, rows: sheet.rows.slice(0, end), merges: [] };
}

/** The worksheet part for SheetJS. */
export function sheetXml({ prefix, rows, merges }: SheetSource): string {
  return `<worksheet><${prefix}sheetData>${rows}</${prefix}sheetData>${
    merges.join("")
  }</worksheet>`;
}

function lastRowEnd(
  xml: string,
  { prefix, from, end }: { prefix: string; from: number; end: number },
): number {
  const values = [`</${prefix}v>`, `</${prefix}t>`, `</${prefix}f>`];
  const last = Math.max(...values.map((tag) => xml.lastIndexOf(tag, end)));
  if (last < from) return from;
  const close = `</${prefix}row>`;
  const rowEnd = xml.indexOf(close, last);
  return rowEnd === -1 || rowEnd > end ? end : rowEnd + close.length;
}

function lastRowNumber(rows: string, prefix: string): number {
  const start = rows.lastIndexOf(`<${prefix}row`);
  if (start === -1) return 0;
  const number = Number(attribute(rows.slice(start, rows.indexOf(">", start)), "r") ?? NaN);
  return number >= 1 ? number : rows.split(`</${prefix}row>`).length - 1;
}

/**
 * SheetJS treats a formula that was never calculated as an empty cell, so a customer would owe
 * nothing. Such a cell gets Excel's error value for a pending result.
 */
function withPendingResults(rows: string, prefix: string): string {
  if (!rows.includes(`<${prefix}f`)) return rows;
  const [c, f, v] = ["c", "f", "v"].map((name) => `${prefix}${name}`);
  const pending = new RegExp(
    `<${c}((?:\\s[^<>]*)?)><${f}(?:\\s[^<>]*)?(?:/>|>[^<]*</${f}>)(?:<${v}/>|<${v}></${v}>)?</${c}>`,
    "g",
  );
  return rows.replace(pending, `<${c}$1 t="e"><${v}>#GETTING_DATA</${v}></${c}>`);
}
