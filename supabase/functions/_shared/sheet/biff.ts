import { encrypted, oldFormat, unreadable } from "./error.ts";

/** The record types of [MS-XLS] 2.3 that are read. */
export const Biff = {
  formula: 0x0006,
  eof: 0x000a,
  date1904: 0x0022,
  filePass: 0x002f,
  continuation: 0x003c,
  codePage: 0x0042,
  boundSheet: 0x0085,
  mulRk: 0x00bd,
  rString: 0x00d6,
  xf: 0x00e0,
  mergeCells: 0x00e5,
  sst: 0x00fc,
  labelSst: 0x00fd,
  number: 0x0203,
  label: 0x0204,
  boolErr: 0x0205,
  string: 0x0207,
  row: 0x0208,
  rk: 0x027e,
  format: 0x041e,
  bof: 0x0809,
} as const;

/** One record: its type, its offset in the stream, and the bounds of its data. */
export interface BiffRecord {
  type: number;
  at: number;
  start: number;
  end: number;
}

/** The records of a stream from offset `from`, up to a truncated record. */
export function* biffRecords(view: DataView, from: number): Generator<BiffRecord> {
  for (let at = from; at + 4 <= view.byteLength;) {
    const start = at + 4;
    const end = start + view.getUint16(at + 2, true);
    if (end > view.byteLength) return;
    yield { type: view.getUint16(at, true), at, start, end };
    at = end;
  }
}

/** The globals of a workbook's stream, before its sheets. */
export interface BiffGlobals {
  view: DataView;
  /** Excel 97 and later: texts are Unicode. Earlier they are in a code page. */
  isUnicode: boolean;
  /** Number of shared texts. */
  texts: number;
  sheets: { record: BiffRecord; position: number; hidden: boolean }[];
}

const BIFF8 = 0x0600;
const BIFF5 = 0x0500;

/** Reads the globals that are needed before a part of the stream is passed to SheetJS. */
export function readGlobals(stream: Uint8Array): BiffGlobals {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const version = view.getUint16(4, true);
  if (view.getUint16(0, true) !== Biff.bof) throw unreadable();
  if (version !== BIFF8 && version !== BIFF5) throw oldFormat();
  const isUnicode = version === BIFF8;
  const globals: BiffGlobals = { view, isUnicode, texts: 0, sheets: [] };
  for (const record of biffRecords(view, 0)) {
    if (record.type === Biff.eof) return globals;
    readGlobal(record, globals);
  }
  throw unreadable();
}

function readGlobal(record: BiffRecord, globals: BiffGlobals): void {
  const { view } = globals;
  switch (record.type) {
    case Biff.filePass:
      throw encrypted();
    case Biff.sst:
      globals.texts = view.getUint32(record.start + 4, true);
      break;
    case Biff.boundSheet:
      // The type follows the state: 0 is a worksheet, others are charts and macros.
      if (view.getUint8(record.start + 5) !== 0) break;
      globals.sheets.push({
        record,
        position: view.getUint32(record.start, true),
        hidden: (view.getUint8(record.start + 4) & 3) !== 0,
      });
  }
}
