import { Buffer } from "node:buffer";
import { unreadable } from "./error.ts";
import { BLANK_FORMULA } from "./sheetjs.ts";
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
// fDyZero of a row record, [MS-XLS] 2.4.221.
const HIDDEN_ROW = 0x20;
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
  /** The numbers of hidden rows. */
  hidden: Set<number>;
}

/** Finds the records of a sheet. Others are left out, because links, for example, can cost SheetJS unbounded time. */
export function sheetRecords({ view }: BiffGlobals, { position }: BoundSheet): BiffSheet {
  const sheet: BiffSheet = { records: [], lastRow: 0, cells: 0, bytes: 0, hidden: new Set() };
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
    if (type === Biff.row && end - start >= 16 && (view.getUint8(start + 12) & HIDDEN_ROW) !== 0) {
      sheet.hidden.add(view.getUint16(start, true) + 1);
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
  for (const [index, record] of sheet.records.entries()) {
    const next = sheet.records[index + 1];
    if (record.type === Biff.formula) parts.push(resultOf(view, record, next));
    else add(record);
  }
  parts.push(Uint8Array.of(Biff.eof, 0, 0, 0));
  return Buffer.concat(parts);
}

function copyOf(view: DataView, { at, end }: BiffRecord): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer, view.byteOffset + at, end - at).slice();
}

/**
 * A formula record reduced to its stored result ([MS-XLS] 2.5.133). An empty text becomes an error
 * of its own, because SheetJS would give an empty cell. `next` is the record after it.
 */
function resultOf(view: DataView, record: BiffRecord, next: BiffRecord | undefined): Uint8Array {
  if (record.end - record.start < FORMULA_LENGTH) throw unreadable();
  const result = copyOf(view, { ...record, end: record.start + FORMULA_LENGTH + 2 });
  result[2] = FORMULA_LENGTH + 2;
  result[3] = 0;
  result.fill(0, FORMULA_LENGTH + 4);
  // A value that is no number: its kind, then the value in the third byte, and 0xffff at the end.
  const [kind, , , , , , last, end] = result.subarray(10, 18);
  const isText = kind === 0 && next?.type === Biff.string && next.end - next.start >= 2;
  const isEmptyText = isText && view.getUint16(next.start, true) === 0;
  if (last === 0xff && end === 0xff && (kind === 3 || isEmptyText)) {
    result.set([2, 0, BLANK_FORMULA], 10);
  }
  return result;
}
