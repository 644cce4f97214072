/** A member of a zip archive that is written as a stream: its sizes and checksum follow its data. */
export interface ZipEntry {
  name: string;
  /** CRC-32 of the data so far. */
  crc: number;
  /** Bytes of the packed data so far. */
  packed: number;
  /** Bytes of the data so far. */
  size: number;
  /** Where its header begins in the archive. */
  offset: number;
}

/** A new member that begins at this place of the archive. */
export const newEntry = (name: string, offset: number): ZipEntry => ({
  name,
  crc: 0,
  packed: 0,
  size: 0,
  offset,
});

/** The header before the data of a member (PKWARE APPNOTE 4.3.7). */
export const localHeader = (entry: ZipEntry): Uint8Array => header(entry, false);

/** A header with checksums after the data, or a directory entry (4.3.12) with them. */
function header(entry: ZipEntry, directory: boolean): Uint8Array {
  const name = new TextEncoder().encode(entry.name);
  const bytes = new Uint8Array((directory ? 46 : 30) + name.length);
  const view = new DataView(bytes.buffer);
  const at = directory ? 6 : 4;
  view.setUint32(0, directory ? 0x02014b50 : 0x04034b50, true);
  if (directory) view.setUint16(4, 20, true);
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, 0x0808, true); // checksums follow the data, names are UTF-8
  view.setUint16(at + 4, 8, true); // deflate
  view.setUint16(at + 8, 0x21, true); // 1980-01-01
  if (directory) {
    view.setUint32(16, entry.crc, true);
    view.setUint32(20, entry.packed, true);
    view.setUint32(24, entry.size, true);
    view.setUint32(42, entry.offset, true);
  }
  view.setUint16(at + 22, name.length, true);
  bytes.set(name, directory ? 46 : 30);
  return bytes;
}

/** What follows the data of a member (4.3.9). */
export function dataDescriptor({ crc, packed, size }: ZipEntry): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (const [place, value] of [0x08074b50, crc, packed, size].entries()) {
    view.setUint32(place * 4, value, true);
  }
  return bytes;
}

/** The end of an archive whose members end at `offset` (4.3.12 and 4.3.16). */
export function directory(entries: readonly ZipEntry[], offset: number): Uint8Array[] {
  const heads = entries.map((entry) => header(entry, true));
  const end = new Uint8Array(22);
  const view = new DataView(end.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, entries.length, true);
  view.setUint16(10, entries.length, true);
  view.setUint32(12, heads.reduce((sum, head) => sum + head.length, 0), true);
  view.setUint32(16, offset, true);
  return [...heads, end];
}

/** Slicing by four: a table for each byte of a word. */
const CRC_TABLES = crcTables();

function crcTables(): [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
  const next = (table: Uint32Array) =>
    Uint32Array.from(table, (crc) => (first[crc & 0xff] ?? 0) ^ (crc >>> 8));
  const second = next(first);
  const third = next(second);
  return [first, second, third, next(third)];
}

/** CRC-32 (ISO 3309) continued over these bytes. */
export function crc32(bytes: Uint8Array, before: number): number {
  const [t0, t1, t2, t3] = CRC_TABLES;
  const words = bytes.length - bytes.length % 4;
  let crc = ~before;
  let at = 0;
  for (; at < words; at += 4) {
    crc ^= (bytes[at] as number) | (bytes[at + 1] as number) << 8 |
      (bytes[at + 2] as number) << 16 | (bytes[at + 3] as number) << 24;
    crc = (t3[crc & 0xff] as number) ^ (t2[crc >>> 8 & 0xff] as number) ^
      (t1[crc >>> 16 & 0xff] as number) ^ (t0[crc >>> 24] as number);
  }
  for (; at < bytes.length; at++) {
    crc = (t0[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
