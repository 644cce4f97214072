import { constants, deflateRawSync } from "node:zlib";
import { rowWriter, type SheetColumn } from "../sheet/xlsx_cells.ts";
import { sheetEnd, sheetPart, sheetStart, workbookParts } from "../sheet/xlsx_parts.ts";
import {
  crc32,
  dataDescriptor,
  directory,
  localHeader,
  newEntry,
  type ZipEntry,
} from "../sheet/zip_writer.ts";
import { aboutLines, cellType } from "./about.ts";
import { joined, type ReportFormat } from "./format.ts";
import { type FrozenRow, type FrozenRun, heading, type ReportColumn, tableColumns } from "./run.ts";
import { depthOf, shownCells } from "./total_rows.ts";

/** Where the archive is: the members that are complete, the sheet that is being written, and the bytes so far. */
interface Workbook {
  done: ZipEntry[];
  sheet: ZipEntry;
  offset: number;
}

const encoder = new TextEncoder();

/**
 * Text of a member, packed on its own. It ends with a sync flush, so that what is packed later, also by another run, follows it
 * in one stream (RFC 1951); the last text of a member ends the stream.
 */
function packed(entry: ZipEntry, text: string, last: boolean): Uint8Array {
  const bytes = encoder.encode(text);
  entry.crc = crc32(bytes, entry.crc);
  entry.size += bytes.length;
  const finishFlush = last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
  const piece = deflateRawSync(bytes, { finishFlush });
  entry.packed += piece.length;
  return piece;
}

/** A whole member of the archive. */
function member(
  name: string,
  text: string,
  offset: number,
): { entry: ZipEntry; bytes: Uint8Array } {
  const entry = newEntry(name, offset);
  const head = localHeader(entry);
  const data = packed(entry, text, true);
  return { entry, bytes: joined([head, data, dataDescriptor(entry)]) };
}

const sheetColumn = ({ type, scale }: ReportColumn): SheetColumn => ({
  type: cellType(type),
  ...(scale === undefined ? {} : { scale }),
});

/** The sheet about the run: labels and values, each value of its own type. */
function aboutXml(run: FrozenRun): string {
  const columns: SheetColumn[] = [{ type: "text" }, { type: "text" }];
  let xml = sheetStart(columns) + rowWriter(columns)(["About this report", ""], { bold: true });
  for (const { label, value, ...column } of aboutLines(run)) {
    xml += rowWriter([{ type: "text" }, column])([label, value]);
  }
  return xml + sheetEnd;
}

function rowsXml(run: FrozenRun, rows: readonly FrozenRow[]): string {
  const columns = tableColumns(run);
  const depth = depthOf(columns);
  const write = rowWriter(columns.map(sheetColumn));
  let xml = "";
  for (const row of rows) {
    const [, level] = row;
    const cells = shownCells(run, row);
    if (cells === null) continue;
    if (level === null) xml += write(cells, depth > 1 ? { outline: depth - 1 } : {});
    else xml += write(cells, { bold: true, outline: Math.max(0, level - 1) });
  }
  return xml;
}

/** A workbook with typed cells: the report, with a header that stays in view, and a sheet about the run. */
export const xlsxFormat: ReportFormat<Workbook> = {
  rowsPerSlice: 5_000,
  begin(run) {
    const pieces: Uint8Array[] = [];
    const done: ZipEntry[] = [];
    let offset = 0;
    const parts = [...workbookParts(["Report", "About"]), [sheetPart(2), aboutXml(run)] as const];
    for (const [name, xml] of parts) {
      const { entry, bytes } = member(name, xml, offset);
      pieces.push(bytes);
      done.push(entry);
      offset += bytes.length;
    }
    const columns = tableColumns(run);
    const sheet = newEntry(sheetPart(1), offset);
    const head = localHeader(sheet);
    const titles = columns.map((column) => heading(column, run.time_zone));
    const xml = sheetStart(columns.map(sheetColumn), Math.max(0, depthOf(columns) - 1)) +
      rowWriter(columns.map(() => ({ type: "text" })))(titles, { bold: true });
    const data = packed(sheet, xml, false);
    pieces.push(head, data);
    offset += head.length + data.length;
    return { bytes: joined(pieces), state: { done, sheet, offset } };
  },
  rows(run, state, rows) {
    const sheet = { ...state.sheet };
    const bytes = packed(sheet, rowsXml(run, rows), false);
    return { bytes, state: { ...state, sheet, offset: state.offset + bytes.length } };
  },
  end(_run, state) {
    const sheet = { ...state.sheet };
    const data = packed(sheet, sheetEnd, true);
    const descriptor = dataDescriptor(sheet);
    const end = state.offset + data.length + descriptor.length;
    return joined([data, descriptor, ...directory([...state.done, sheet], end)]);
  },
};
