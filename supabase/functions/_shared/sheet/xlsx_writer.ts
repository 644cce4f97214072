import { rowWriter, serialDay } from "./xlsx_cells.ts";
import { sheetEnd, sheetPart, sheetStart, workbookParts } from "./xlsx_parts.ts";
import { zoneClock } from "./zone_clock.ts";
import { single, zipArchive, type ZipPart } from "./zip_archive.ts";

/** What the texts of a column are: `timestamp` is ISO 8601 in UTC, `date` YYYY-MM-DD, `money` a decimal. */
export type ColumnKind = "text" | "money" | "number" | "boolean" | "date" | "timestamp";

/** A column of a table that is written to a file. */
export interface TableColumn {
  name: string;
  kind: ColumnKind;
}

/** A row of such a table: all cells are texts, whatever their column is. */
export type TableRow = readonly (string | null)[];

type Convert = (text: string) => string | number | boolean;

/** How a text becomes what `rowWriter` expects in the column; null: as it is. */
function converter(kind: ColumnKind, timeZone: string): Convert | null {
  if (kind === "boolean") return (text) => text === "true" || (text === "false" ? false : text);
  if (kind !== "timestamp") return null;
  const local = zoneClock(timeZone);
  return (text) => {
    const moment = Date.parse(text);
    return Number.isNaN(moment) ? text : serialDay(local(moment)) ?? text;
  };
}

async function* sheetXml(
  columns: readonly TableColumn[],
  slices: AsyncIterable<readonly TableRow[]>,
  timeZone: string,
): AsyncGenerator<string> {
  const types = columns.map(({ kind }) => ({ type: kind }));
  const converters = [...columns.entries()].flatMap(([index, { kind }]) => {
    const convert = converter(kind, timeZone);
    return convert === null ? [] : [{ index, convert }];
  });
  const write = rowWriter(types);
  const names = columns.map(({ name }) => name);
  yield sheetStart(types) + rowWriter(columns.map(() => ({ type: "text" })))(names, { bold: true });
  for await (const rows of slices) {
    let xml = "";
    for (const row of rows) {
      const cells: (string | number | boolean | null)[] = [...row];
      for (const { index, convert } of converters) {
        const text = row[index];
        if (text) cells[index] = convert(text);
      }
      xml += write(cells);
    }
    yield xml;
  }
  yield sheetEnd;
}

/**
 * A workbook (.xlsx) of one sheet with a header that stays in view, streamed: only one slice of rows is in memory. Times
 * are written as local times of the zone.
 */
export async function* xlsxFile(
  columns: readonly TableColumn[],
  slices: AsyncIterable<readonly TableRow[]>,
  timeZone: string,
): AsyncGenerator<Uint8Array> {
  const parts: ZipPart[] = [
    ...workbookParts(["Sheet1"]).map(([name, text]): ZipPart => [name, single(text)]),
    [sheetPart(1), sheetXml(columns, slices, timeZone)],
  ];
  yield* zipArchive(parts);
}
