import { Buffer } from "node:buffer";
import { unreadable } from "./error.ts";
import { Biff, type BiffGlobals, type BiffRecord, biffRecords } from "./biff.ts";

export type BoundSheet = BiffGlobals["sheets"][number];

const GLOBAL: ReadonlySet<number> = new Set([
  Biff.codePage,
  Biff.date1904,
  Biff.format,
  Biff.sst,
  Biff.xf,
]);
const CELLS: ReadonlySet<number> = new Set([
  Biff.boolErr,
  Biff.formula,
  Biff.label,
  Biff.labelSst,
  Biff.mulRk,
  Biff.number,
  Biff.rk,
  Biff.rString,
]);
const FORMULA_LENGTH = 20;
// Each can hold a thousand ranges, and SheetJS copies all previous ones for every further record.
const MAX_MERGE_RECORDS = 50;

/** The relevant records of one sheet. */
export interface BiffSheet {
  records: BiffRecord[];
  /** The number of the last row with a value; 0 without one. */
  lastRow: number;
  cells: number;
  /** Size of the sheet in the stream. */
  bytes: number;
}

/** Finds the records of a sheet. Others are left out, because links, for example, can cost SheetJS unbounded time. */
export function sheetRecords({ view }: BiffGlobals, { position }: BoundSheet): BiffSheet {
  const sheet: BiffSheet = { records: [], lastRow: 0, cells: 0, bytes: 0 };
  let depth = 0;
  let merges = 0;
  let isKept = false;
  for (const record of biffRecords(view, position)) {
    const { type, start, end } = record;
    sheet.bytes = end - position;
    if (type === Biff.bof && ++depth > 1) continue;
    if (type === Biff.eof && --depth === 0) return sheet;
    // Charts on the sheet are substreams inside its own.
    if (depth !== 1) continue;
    const isCell = CELLS.has(type) && end - start >= 6;
    if (isCell) {
      sheet.lastRow = Math.max(sheet.lastRow, view.getUint16(start, true) + 1);
      sheet.cells += type === Biff.mulRk ? Math.ceil((end - start) / 6) : 1;
    }
    if (type !== Biff.continuation) {
      if (type === Biff.mergeCells) merges++;
      isKept = isCell || type === Biff.string ||
        (type === Biff.mergeCells && merges <= MAX_MERGE_RECORDS);
    }
    if (isKept) sheet.records.push(record);
  }
  throw unreadable();
}

/** Position of cells: a row from 0, and the first and last column. */
export interface BiffPlace {
  row: number;
  first: number;
  last: number;
}

/** The same sheet with only the cells that `wants` selects. */
export function onlyCells(
  { view }: BiffGlobals,
  sheet: BiffSheet,
  wants: (place: BiffPlace) => boolean,
): BiffSheet {
  let isKept = false;
  const records = sheet.records.filter(({ type, start, end }) => {
    // The text of a formula follows in a record of its own.
    if (type === Biff.mergeCells) isKept = true;
    if (!CELLS.has(type)) return isKept;
    const first = view.getUint16(start + 2, true);
    const last = type === Biff.mulRk ? view.getUint16(end - 2, true) : first;
    return (isKept = wants({ row: view.getUint16(start, true), first, last }));
  });
  return { ...sheet, records, cells: records.length };
}

/** A workbook stream with only this sheet, for SheetJS. */
export function streamOf(globals: BiffGlobals, bound: BoundSheet, sheet: BiffSheet): Uint8Array {
  const { view } = globals;
  const parts: Uint8Array[] = [];
  const add = ({ at, end }: BiffRecord) =>
    parts.push(new Uint8Array(view.buffer, view.byteOffset + at, end - at));
  const name = copyOf(view, bound.record);
  let isKept = false;
  for (const record of biffRecords(view, 0)) {
    if (record.type === Biff.eof) {
      parts.push(name);
      add(record);
      break;
    }
    if (record.type !== Biff.continuation) isKept = record.at === 0 || GLOBAL.has(record.type);
    if (isKept) add(record);
  }
  const position = parts.reduce((length, part) => length + part.length, 0);
  new DataView(name.buffer).setUint32(4, position, true);
  for (const [first] of [biffRecords(view, bound.position)]) if (first) add(first);
  for (const record of sheet.records) {
    if (record.type === Biff.formula) parts.push(resultOf(view, record));
    else add(record);
  }
  parts.push(Uint8Array.of(Biff.eof, 0, 0, 0));
  return Buffer.concat(parts);
}

function copyOf(view: DataView, { at, end }: BiffRecord): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer, view.byteOffset + at, end - at).slice();
}

/** A formula record reduced to its stored result. */
function resultOf(view: DataView, record: BiffRecord): Uint8Array {
  if (record.end - record.start < FORMULA_LENGTH) throw unreadable();
  const result = copyOf(view, { ...record, end: record.start + FORMULA_LENGTH + 2 });
  result[2] = FORMULA_LENGTH + 2;
  result[3] = 0;
  result.fill(0, FORMULA_LENGTH + 4);
  return result;
}
