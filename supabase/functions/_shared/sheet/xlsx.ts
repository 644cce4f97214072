import { expandsTooMuch } from "./error.ts";
import type { HeaderSearch } from "./header.ts";
import { HEADER_ROWS, MAX_ROWS, MAX_TAGS } from "./limits.ts";
import { RowCollector, type SheetTable, tooManyRows } from "./row_collector.ts";
import { archive, readSheet } from "./sheetjs.ts";
import { openPackage } from "./xlsx_package.ts";
import { headOf, sheetSource, sheetXml } from "./xlsx_sheet.ts";
import { countTags, expandReferences, readPart } from "./xml.ts";
import { openZip } from "./zip.ts";

/** Parts of a workbook that its sheets refer to, as XML. */
interface Shared {
  strings: string;
  styles: string;
  date1904: boolean;
}

// SheetJS needs this many times longer for the tags of a style sheet than for others.
const STYLE_WEIGHT = 4;
const LAST_ROW = MAX_ROWS.xlsx + HEADER_ROWS;

/**
 * The table in an .xlsx file: the first sheet with a certain header, visible sheets before hidden
 * ones, or else the first with any header. SheetJS reads a new workbook made of this sheet and the
 * parts that it refers to.
 * @throws SheetError when there is no table.
 */
export async function readXlsx(
  bytes: Uint8Array,
  maxRows: number,
  search: HeaderSearch,
): Promise<SheetTable> {
  const zip = openZip(bytes);
  const { sheets, strings, styles, date1904 } = await openPackage(zip);
  const shared: Shared = {
    strings: strings ? sharedStrings(await readPart(zip, strings)) : "",
    styles: styles ? await readPart(zip, styles) : "",
    date1904,
  };
  const sharedTags = countTags(shared.strings) + STYLE_WEIGHT * countTags(shared.styles);
  let tagsLeft = MAX_TAGS;
  let found: { table: SheetTable; isTooLarge: boolean } | null = null;
  for (const { name, part } of sheets) {
    let sheet = sheetSource(await readPart(zip, part));
    // Of a sheet that is too large only the header is searched: another sheet may be the table.
    const isTooLarge = sheet.lastRow > LAST_ROW;
    if (isTooLarge) sheet = headOf(sheet);
    tagsLeft -= sharedTags + countTags(sheet.rows) + sheet.merges.length;
    if (tagsLeft < 0) throw expandsTooMuch();
    const collector = new RowCollector(search, isTooLarge ? HEADER_ROWS : maxRows);
    await readSheet(await workbookOf(sheetXml(sheet), shared), collector, LAST_ROW);
    const table = collector.table(name, sheet.hidden);
    if (table && (found === null || table.header.isCertain)) found = { table, isTooLarge };
    if (table?.header.isCertain) break;
  }
  if (found === null) throw search.failure();
  if (found.isTooLarge) throw tooManyRows(maxRows);
  return found.table;
}

/** SheetJS skips an empty item, which would shift every later text to a wrong cell. */
function sharedStrings(xml: string): string {
  return expandReferences(xml).replace(/^\s*<\?xml[^>]*\?>/, "")
    .replace(/<((?:\w+:)?)si\s?\/>/g, "<$1si><$1t></$1t></$1si>");
}

const RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml";

function workbookOf(sheet: string, { strings, styles, date1904 }: Shared): Promise<Uint8Array> {
  const parts = [
    { name: "worksheet", type: "worksheet", text: sheet },
    { name: "sharedStrings", type: "sharedStrings", text: strings },
    { name: "styles", type: "styles", text: styles },
  ].filter(({ text }) => text !== "");
  const types = [{ name: "workbook", type: "sheet.main" }, ...parts].map(({ name, type }) =>
    `<Override PartName="/xl/${name}.xml" ContentType="${CONTENT}.${type}+xml"/>`
  );
  const relations = parts.map(({ name, type }) =>
    `<Relationship Id="${name}" Type="${RELATION}/${type}" Target="${name}.xml"/>`
  );
  return archive([
    {
      name: "[Content_Types].xml",
      text: `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">${
        types.join("")
      }</Types>`,
    },
    {
      name: "xl/workbook.xml",
      text: `<workbook xmlns="${SPREADSHEET}"><workbookPr date1904="${date1904}"/>` +
        `<sheets><sheet name="Sheet" sheetId="1" r:id="worksheet"/></sheets></workbook>`,
    },
    {
      name: "xl/_rels/workbook.xml.rels",
      text: `<Relationships>${relations.join("")}</Relationships>`,
    },
    ...parts.map(({ name, text }) => ({ name: `xl/${name}.xml`, text })),
  ]);
}
