import { unreadable } from "./error.ts";
import { PENDING_RESULT } from "../cell.ts";
import { HEADER_ROWS } from "./limits.ts";
import { BLANK_FORMULA_NAME, DATE_MARK } from "./sheetjs.ts";
import { attribute, expandReferences, startTags } from "./xml.ts";

/** The rows of a worksheet's XML, up to the last one that has a value. */
export interface SheetSource {
  /** Namespace prefix of the sheet's elements with its colon; usually empty. */
  prefix: string;
  rows: string;
  /** The number of that last row; 0 without a value. */
  lastRow: number;
  merges: string[];
  /** The numbers of hidden rows. */
  hidden: Set<number>;
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
  if (start[0].endsWith("/>")) {
    return { prefix, rows: "", lastRow: 0, merges: [], hidden: new Set() };
  }
  const from = start.index + start[0].length;
  const end = xml.indexOf(`</${prefix}sheetData>`, from);
  if (end === -1) throw unreadable();
  const kept = xml.slice(from, lastRowEnd(xml, { prefix, from, end }));
  return {
    prefix,
    rows: withDates(withFormulas(expandReferences(kept), prefix), prefix),
    lastRow: lastRowNumber(kept, prefix),
    merges: mergesIn(xml.slice(end)),
    hidden: hiddenRows(kept),
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
 * SheetJS treats formulas without a value as empty cells. One that was never calculated gets
 * Excel's error value for a pending result, since a customer would owe nothing otherwise. One whose
 * stored result is an empty text (`t="str"` with an empty value) gets a mark of its own.
 */
function withFormulas(rows: string, prefix: string): string {
  if (!rows.includes(`<${prefix}f`)) return rows;
  const [c, f, v] = ["c", "f", "v"].map((name) => `${prefix}${name}`);
  const valueless = new RegExp(
    `<${c}((?:\\s[^<>]*)?)>\\s*<${f}(?:\\s[^<>]*)?(?:/>|>[^<]*</${f}>)\\s*` +
      `(<${v}\\s?/>|<${v}(?:\\s[^<>]*)?></${v}>)?\\s*</${c}>`,
    "g",
  );
  return rows.replace(valueless, (_, attributes: string, value: string | undefined) => {
    const isText = attribute(`<c${attributes}>`, "t") === "str";
    const name = isText && value !== undefined ? BLANK_FORMULA_NAME : PENDING_RESULT;
    return `<${c}${attributes} t="e"><${v}>${name}</${v}></${c}>`;
  });
}

/** Marks ISO 8601 cells as texts: SheetJS would give their serial number, a date or not by its format. */
function withDates(rows: string, prefix: string): string {
  if (!/\st=["']d["']/.test(rows)) return rows;
  const [c, f, v] = ["c", "f", "v"].map((name) => `${prefix}${name}`);
  const dates = new RegExp(
    `(<${c}(?:\\s[^<>]*)?\\st=["'])d(["'][^<>]*>(?:<${f}(?:\\s[^<>]*)?(?:/>|>[^<]*</${f}>))?<${v}>)`,
    "g",
  );
  return rows.replace(dates, `$1str$2${DATE_MARK}`);
}

function hiddenRows(rows: string): Set<number> {
  if (!rows.includes("hidden=")) return new Set();
  const hidden = startTags(rows, "row").filter((tag) =>
    /^(?:1|true)$/.test(attribute(tag, "hidden") ?? "")
  );
  return new Set(hidden.map((tag) => Number(attribute(tag, "r") ?? NaN)));
}
