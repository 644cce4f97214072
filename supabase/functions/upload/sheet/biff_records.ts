/** Record types of [MS-XLS] 2.3 that carry what is read here. */
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
  rk: 0x027e,
  format: 0x041e,
  bof: 0x0809,
} as const;

/** One record: its type, and where its data lies in the stream. */
export interface BiffRecord {
  type: number;
  start: number;
  end: number;
}

/** The records of a stream from `from` on; a record that is cut off ends them. */
export function* biffRecords(view: DataView, from: number): Generator<BiffRecord> {
  for (let at = from; at + 4 <= view.byteLength;) {
    const start = at + 4;
    const end = start + view.getUint16(at + 2, true);
    if (end > view.byteLength) return;
    yield { type: view.getUint16(at, true), start, end };
    at = end;
  }
}
