import { oldFormat, unreadable, unsupported } from "./error.ts";
import { HeaderSearch } from "./header.ts";
import { type NumberFormat, numberFormat } from "./number_format.ts";
import { RowCollector, type SheetTable } from "./row_collector.ts";
import { attribute, readPart, section, startTags } from "./xml.ts";
import { readSharedStrings } from "./xlsx_strings.ts";
import { readWorksheet, type Workbook } from "./xlsx_sheet.ts";
import { openZip, type ZipArchive } from "./zip.ts";

interface Relation {
  id: string;
  type: string;
  target: string;
}
interface SheetPart {
  name: string;
  part: string;
}

/**
 * The table in an .xlsx file: the first sheet, visible ones before hidden ones, that has a header.
 * Every part is read as a stream, so memory follows the rows that are kept and not the file.
 */
export async function readXlsx(bytes: Uint8Array, maxRows: number): Promise<SheetTable> {
  const zip = openZip(bytes);
  const workbookPart = await findWorkbook(zip);
  const xml = await readPart(zip, workbookPart);
  const relations = await readRelations(zip, workbookPart);
  const workbook: Workbook = {
    strings: await readSharedStrings(zip, partOfType(relations, "sharedStrings")),
    formats: await readFormats(zip, partOfType(relations, "styles")),
    date1904: /^(?:1|true)$/.test(
      attribute(startTags(xml, "workbookPr")[0] ?? "", "date1904") ?? "",
    ),
  };
  const search = new HeaderSearch();
  for (const sheet of listSheets(xml, relations)) {
    if (!zip.has(sheet.part)) continue;
    const collector = new RowCollector(search, maxRows);
    await readWorksheet(zip.pieces(sheet.part), workbook, collector);
    const table = collector.table(sheet.name);
    if (table) return table;
  }
  throw search.failure();
}

async function findWorkbook(zip: ZipArchive): Promise<string> {
  const root = zip.has("_rels/.rels") ? await readRelations(zip, "") : [];
  const part = partOfType(root, "officeDocument") ?? "xl/workbook.xml";
  const isWorkbook = /workbook[^/]*\.xml$/i.test(part) || zip.has("xl/worksheets/sheet1.xml");
  if (isWorkbook && zip.has(part)) return part;
  const other = zip.names().find((name) => /(?:^|\/)(?:workbook\.bin|content\.xml)$/.test(name));
  if (!other) throw zip.names().length === 0 ? unreadable() : unsupported();
  throw oldFormat();
}

/** Relations of a part, their targets as names in the archive. */
async function readRelations(zip: ZipArchive, part: string): Promise<Relation[]> {
  const folder = part.slice(0, part.lastIndexOf("/") + 1);
  const name = `${folder}_rels/${part.slice(folder.length)}.rels`;
  if (!zip.has(name)) return [];
  return startTags(await readPart(zip, name), "Relationship").map((tag) => ({
    id: attribute(tag, "Id") ?? "",
    type: attribute(tag, "Type") ?? "",
    target: resolve(folder, attribute(tag, "Target") ?? ""),
  }));
}

function resolve(folder: string, target: string): string {
  const path = target.replaceAll("\\", "/");
  if (path.startsWith("/")) return path.slice(1);
  const steps: string[] = [];
  for (const step of `${folder}${path}`.split("/")) {
    if (step === "..") steps.pop();
    else if (step !== ".") steps.push(step);
  }
  return steps.join("/");
}

function partOfType(relations: Relation[], type: string): string | undefined {
  return relations.find((relation) => relation.type.endsWith(`/${type}`))?.target;
}

function listSheets(xml: string, relations: Relation[]): SheetPart[] {
  const visible: SheetPart[] = [];
  const hidden: SheetPart[] = [];
  for (const tag of startTags(section(xml, "sheets"), "sheet")) {
    const id = attribute(tag, "[\\w.-]{1,40}:id");
    const relation = relations.find((one) => one.id === id);
    if (!relation?.type.endsWith("/worksheet")) continue;
    const list = /hidden/i.test(attribute(tag, "state") ?? "") ? hidden : visible;
    list.push({ name: attribute(tag, "name") ?? "", part: relation.target });
  }
  return [...visible, ...hidden];
}

/** The number format of each cell style, by the style's index. */
async function readFormats(zip: ZipArchive, part: string | undefined): Promise<NumberFormat[]> {
  if (!part || !zip.has(part)) return [];
  const xml = await readPart(zip, part);
  const codes = new Map<number, string>();
  for (const tag of startTags(section(xml, "numFmts"), "numFmt")) {
    codes.set(Number(attribute(tag, "numFmtId")), attribute(tag, "formatCode") ?? "");
  }
  return startTags(section(xml, "cellXfs"), "xf").map((tag) => {
    const id = Number(attribute(tag, "numFmtId"));
    return numberFormat(id, codes.get(id));
  });
}
