import { encrypted, expandsTooMuch, SheetError, unreadable } from "./error.ts";
import { MAX_ENTRIES, MAX_EXPANDED_BYTES } from "./limits.ts";

interface Entry {
  method: number;
  encrypted: boolean;
  crc: number;
  packed: number;
  size: number;
  offset: number;
}

/** The files of a ZIP archive by lower-case name, with a common limit on unpacked bytes. */
export interface ZipArchive {
  has(name: string): boolean;
  names(): string[];
  /** The file's bytes in pieces; unpacking stops with the iteration. */
  pieces(name: string): AsyncGenerator<Uint8Array>;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
// Deflate expands at most 1,032 times, so this much input gives at most 8 MB at once.
const STEP = 8 * 1024;

/** Opens an archive by its directory, which is at the end: a truncated file has none. */
export function openZip(bytes: Uint8Array): ZipArchive {
  const entries = readDirectory(bytes);
  const budget = { left: MAX_EXPANDED_BYTES };
  return {
    has: (name) => entries.has(name.toLowerCase()),
    names: () => [...entries.keys()],
    pieces: (name) => {
      const entry = entries.get(name.toLowerCase());
      if (!entry) throw unreadable();
      return unpack(bytes, entry, budget);
    },
  };
}

function findEnd(view: DataView): number {
  const lowest = Math.max(0, view.byteLength - 22 - 0xffff);
  for (let at = view.byteLength - 22; at >= lowest; at--) {
    if (view.getUint32(at, true) === END_OF_DIRECTORY) return at;
  }
  throw new SheetError(
    "file_truncated",
    "The end of the file is missing; the copy or download broke off. Send the whole file again.",
  );
}

function readDirectory(bytes: Uint8Array): Map<string, Entry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  const entries = new Map<string, Entry>();
  const count = view.getUint16(end + 10, true);
  if (count > MAX_ENTRIES) throw expandsTooMuch();
  let at = view.getUint32(end + 16, true);
  try {
    for (let left = count; left > 0; left--) {
      if (view.getUint32(at, true) !== DIRECTORY_ENTRY) throw unreadable();
      const nameLength = view.getUint16(at + 28, true);
      const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
      entries.set(name.replaceAll("\\", "/").toLowerCase(), readEntry(view, at));
      at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
  } catch (error) {
    throw error instanceof RangeError ? unreadable() : error;
  }
  return entries;
}

function readEntry(view: DataView, at: number): Entry {
  const entry = {
    method: view.getUint16(at + 10, true),
    encrypted: (view.getUint16(at + 8, true) & 1) === 1,
    crc: view.getUint32(at + 16, true),
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
  };
  const extra = at + 46 + view.getUint16(at + 28, true);
  readZip64(view, extra, extra + view.getUint16(at + 30, true), entry);
  return entry;
}

/** Some programs write all sizes in the 64-bit fields. */
function readZip64(view: DataView, from: number, to: number, entry: Entry): void {
  for (let at = from; at + 4 <= to; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let field = at + 4;
    for (const name of ["size", "packed", "offset"] as const) {
      if (entry[name] !== 0xffffffff) continue;
      entry[name] = Number(view.getBigUint64(field, true));
      field += 8;
    }
    return;
  }
}

async function* unpack(bytes: Uint8Array, entry: Entry, budget: { left: number }) {
  if (entry.encrypted) throw encrypted();
  if (entry.size > budget.left) throw expandsTooMuch();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (entry.offset + 30 > bytes.length || view.getUint32(entry.offset, true) !== LOCAL_ENTRY) {
    throw unreadable();
  }
  const start = entry.offset + 30 + view.getUint16(entry.offset + 26, true) +
    view.getUint16(entry.offset + 28, true);
  const packed = bytes.subarray(start, start + entry.packed);
  if (packed.length < entry.packed || (entry.method !== 0 && entry.method !== 8)) {
    throw unreadable();
  }
  // The sizes in the directory can be forged, so the actual output is counted.
  for await (const piece of inflate(gzipped(packed, entry))) {
    budget.left -= piece.length;
    if (budget.left < 0) throw expandsTooMuch();
    yield piece;
  }
}

/** The entry as a gzip file, so that the platform's decompressor checks its checksum and length. */
function* gzipped(packed: Uint8Array, entry: Entry): Generator<Uint8Array<ArrayBuffer>> {
  yield Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
  if (entry.method === 0) yield* storedBlocks(packed);
  else for (let at = 0; at < packed.length; at += STEP) yield packed.slice(at, at + STEP);
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, entry.crc, true);
  trailer.setUint32(4, entry.size, true);
  yield new Uint8Array(trailer.buffer);
}

/** Uncompressed bytes as stored blocks of deflate (RFC 1951, 3.2.4). */
function* storedBlocks(packed: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < packed.length; at += STEP) {
    const block = packed.slice(at, at + STEP);
    const [low, high] = [block.length & 255, block.length >> 8];
    yield Uint8Array.of(0, low, high, ~low, ~high);
    yield block;
  }
  yield Uint8Array.of(1, 0, 0, 255, 255);
}

async function* inflate(file: Generator<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array> {
  const input = new ReadableStream<BufferSource>({
    pull(controller) {
      const next = file.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
  }, { highWaterMark: 0 });
  try {
    yield* input.pipeThrough(new DecompressionStream("gzip"));
  } catch (error) {
    throw error instanceof SheetError ? error : unreadable();
  }
}
