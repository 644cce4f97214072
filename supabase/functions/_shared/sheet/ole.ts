import { unreadable } from "./error.ts";

interface Container {
  bytes: Uint8Array;
  view: DataView;
  sectorSize: number;
  /** The next sector of each sector. */
  fat: Uint32Array;
}

const LAST_CHAIN_MARK = 0xfffffffa;
const ENTRY_SIZE = 128;
const MINI_SECTOR = 64;
const HEADER_FAT_SLOTS = 109;

/**
 * The streams at any level of an OLE compound file ([MS-CFB]) by name: the container of .xls files
 * and encrypted workbooks. The bytes of a stream are gathered on demand.
 */
export function openOle(bytes: Uint8Array): Map<string, () => Uint8Array> {
  if (bytes.length < 512) throw unreadable();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sectorSize = 1 << view.getUint16(30, true);
  if (sectorSize !== 512 && sectorSize !== 4096) throw unreadable();
  const container: Container = { bytes, view, sectorSize, fat: new Uint32Array() };
  container.fat = readFat(container);
  const directory = readChain(container, view.getUint32(48, true));
  return readDirectory(container, directory);
}

function sectorAt(container: Container, sector: number): number {
  const at = (sector + 1) * container.sectorSize;
  if (at >= container.bytes.length) throw unreadable();
  return at;
}

function readFat(container: Container): Uint32Array {
  const { view, sectorSize, bytes } = container;
  const sectors: number[] = [];
  for (let slot = 0; slot < HEADER_FAT_SLOTS; slot++) {
    sectors.push(view.getUint32(76 + slot * 4, true));
  }
  let more = view.getUint32(68, true);
  const slots = sectorSize / 4 - 1;
  for (let left = bytes.length / sectorSize; more < LAST_CHAIN_MARK && left > 0; left--) {
    const at = sectorAt(container, more);
    for (let slot = 0; slot < slots; slot++) sectors.push(readUint32(container, at + slot * 4));
    more = readUint32(container, at + slots * 4);
  }
  const used = sectors.filter((sector) => sector < LAST_CHAIN_MARK);
  const fat = new Uint32Array(Math.min(used.length, bytes.length / sectorSize) * (sectorSize / 4));
  let next = 0;
  for (const sector of used) {
    const at = sectorAt(container, sector);
    for (let offset = 0; offset < sectorSize && next < fat.length; offset += 4) {
      fat[next++] = readUint32(container, at + offset);
    }
  }
  return fat;
}

/** Beyond the end of a truncated file, the mark of the end of a chain. */
function readUint32({ view, bytes }: Container, at: number): number {
  return at + 4 <= bytes.length ? view.getUint32(at, true) : 0xffffffff;
}

function readChain(container: Container, first: number): Uint8Array {
  const { bytes, fat, sectorSize } = container;
  const parts: Uint8Array[] = [];
  // A chain that loops is longer than the file has sectors.
  const longest = bytes.length / sectorSize;
  for (let sector = first; sector < LAST_CHAIN_MARK; sector = fat[sector] ?? 0xffffffff) {
    if (parts.length > longest) throw unreadable();
    const at = sectorAt(container, sector);
    parts.push(bytes.subarray(at, at + sectorSize));
  }
  return join(parts);
}

function join(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function readDirectory(container: Container, directory: Uint8Array) {
  const view = new DataView(directory.buffer);
  const streams = new Map<string, () => Uint8Array>();
  const smallest = container.view.getUint32(56, true);
  const rootStart = directory.length >= ENTRY_SIZE ? view.getUint32(116, true) : LAST_CHAIN_MARK;
  for (let at = 0; at + ENTRY_SIZE <= directory.length; at += ENTRY_SIZE) {
    const nameLength = Math.min(64, view.getUint16(at + 64, true)) - 2;
    if (directory[at + 66] !== 2 || nameLength <= 0) continue;
    const name = new TextDecoder("utf-16le").decode(directory.subarray(at, at + nameLength));
    const start = view.getUint32(at + 116, true);
    const size = view.getUint32(at + 120, true);
    const gather = () =>
      size < smallest ? readSmall(container, rootStart, start) : readChain(container, start);
    streams.set(name, () => {
      const stream = gather();
      if (stream.length < size) throw unreadable();
      return stream.subarray(0, size);
    });
  }
  return streams;
}

/** Small streams share the root's stream, in sectors of their own size with their own chains. */
function readSmall(container: Container, rootStart: number, first: number): Uint8Array {
  const store = readChain(container, rootStart);
  const table = readChain(container, container.view.getUint32(60, true));
  const next = new DataView(table.buffer);
  const parts: Uint8Array[] = [];
  for (let sector = first; sector < LAST_CHAIN_MARK;) {
    if (parts.length > store.length / MINI_SECTOR || sector * 4 >= table.length) throw unreadable();
    parts.push(store.subarray(sector * MINI_SECTOR, (sector + 1) * MINI_SECTOR));
    sector = next.getUint32(sector * 4, true);
  }
  return join(parts);
}
