import { Buffer } from "node:buffer";
import type { CellObject, WorkSheet } from "@e965/xlsx";
import { type CellValue, PENDING_RESULT } from "../cell.ts";
import { unreadable } from "./error.ts";
import { MAX_COLUMNS } from "./limits.ts";
import {
  formatNumber,
  type NumberFormatter,
  type NumberKind,
  numberKind,
  serialDate,
} from "./number_format.ts";
import type { RowCollector } from "./row_collector.ts";

type Library = typeof import("@e965/xlsx");

export interface ArchiveFile {
  name: string;
  text: string;
}

// Loaded with the first workbook, because it would cost every cold start 60 ms.
function library(): Promise<Library> {
  return import("@e965/xlsx");
}

/** An uncompressed archive of these files, for `readSheet`. */
export async function archive(files: readonly ArchiveFile[]): Promise<Uint8Array> {
  const { CFB } = await library();
  const container = CFB.utils.cfb_new();
  const encoder = new TextEncoder();
  for (const { name, text } of files) {
    const { buffer, byteOffset, byteLength } = encoder.encode(text);
    CFB.utils.cfb_add(container, name, Buffer.from(buffer, byteOffset, byteLength));
  }
  return CFB.write(container, { fileType: "zip", type: "buffer" });
}

/** Loads the code pages for texts of Excel before 97: 0.5 MB that few files need. */
export async function loadCodePages(): Promise<void> {
  const { set_cptable } = await library();
  set_cptable(await import("@e965/xlsx/dist/cpexcel.full.mjs"));
}

/**
 * Passes the rows of the first sheet of a workbook to the collector. The workbook must be built
 * by this code from parts of bounded size, because SheetJS has no limits of its own. Rows from
 * `sheetRows` on are skipped. Returns the sheet's name.
 */
export async function readSheet(
  workbook: Uint8Array,
  collector: RowCollector,
  sheetRows: number,
): Promise<string> {
  const xlsx = await library();
  const book = xlsx.read(workbook, {
    type: "buffer",
    dense: true,
    sheetRows,
    cellNF: true,
    cellText: false,
    cellFormula: false,
    cellHTML: false,
    cellStyles: false,
    cellDates: false,
  });
  const name = book.SheetNames[0] ?? "";
  const sheet = book.Sheets[name];
  if (!sheet?.["!data"]) throw unreadable();
  const date1904 = book.Workbook?.WBProps?.date1904 === true;
  collectRows(sheet, collector, cellReader(xlsx.SSF, date1904), sheetRows);
  return name;
}

type CellReader = (cell: CellObject) => CellValue;

function collectRows(
  sheet: WorkSheet,
  collector: RowCollector,
  read: CellReader,
  sheetRows: number,
): void {
  const data: (CellObject[] | undefined)[] = sheet["!data"] ?? [];
  // Cell references can be forged, so the length of `data` is not reliable.
  for (let row = 0; row < Math.min(data.length, sheetRows); row++) {
    if (!collector.wantsRow(row + 1)) break;
    const cells = data[row];
    if (!cells) continue;
    const values: CellValue[] = [];
    const width = Math.min(cells.length, MAX_COLUMNS);
    for (let column = 0; column < width; column++) {
      const cell = cells[column];
      if (cell && collector.wants(column)) values[column] = read(cell);
    }
    collector.add(row + 1, values);
  }
  collector.finish();
  collector.fillMerged((sheet["!merges"] ?? []).map(({ s, e }) => ({
    firstRow: s.r + 1,
    lastRow: e.r + 1,
    firstColumn: s.c,
    lastColumn: e.c,
  })));
}

/** Converts cells; of a formula, its stored result. */
function cellReader(formatter: NumberFormatter, date1904: boolean): CellReader {
  const kinds = new Map<string, NumberKind>();
  function kindOf(code: string): NumberKind {
    const known = kinds.get(code) ?? numberKind(code, formatter);
    kinds.set(code, known);
    return known;
  }
  function number(value: number, code: string): CellValue {
    if (!Number.isFinite(value)) return { kind: "error", text: "#NUM!" };
    const kind = kindOf(code);
    if (kind === "date") return { kind, text: serialDate(value, date1904, formatter) };
    if (kind === "number" || !Number.isInteger(value)) return value;
    return { kind: "formatted", number: value, text: formatNumber(code, value, formatter) };
  }
  return ({ t, v, z }) => {
    if (t === "e" && Number(v) === BLANK_FORMULA) return { kind: "blank_formula", text: "" };
    if (t === "e") return { kind: "error", text: errorText(Number(v)) };
    if (typeof v === "number") return number(v, String(z ?? "General"));
    if (typeof v === "string" && v.startsWith(DATE_MARK)) {
      return { kind: "date", text: dateText(v) };
    }
    return typeof v === "string" || typeof v === "boolean" ? v : null;
  };
}

/** An ISO 8601 cell as other dates are shown: without a time at midnight. */
function dateText(text: string): string {
  return text.slice(DATE_MARK.length).replace("T", " ").replace(/[ ]00:00(?::00(?:\.0+)?)?Z?$/, "");
}

/** The error code that the gate gives a formula whose result is an empty text; [MS-XLS] has no such code. */
export const BLANK_FORMULA = 0xff;
/** SheetJS's name of that code in .xlsx files. */
export const BLANK_FORMULA_NAME = "#WTF?";
/** Precedes the text of an ISO 8601 date cell, which SheetJS would turn into a number. A noncharacter. */
export const DATE_MARK = "\ufdd1";

// [MS-XLS] 2.5.10. 0x2b marks a result that was never calculated: see xlsx_sheet.ts.
const ERRORS: Record<number, string> = {
  0x00: "#NULL!",
  0x07: "#DIV/0!",
  0x0f: "#VALUE!",
  0x17: "#REF!",
  0x1d: "#NAME?",
  0x24: "#NUM!",
  0x2a: "#N/A",
  0x2b: PENDING_RESULT,
};

function errorText(code: number): string {
  return ERRORS[code] ?? "#VALUE!";
}
