import { oldFormat, unreadable, unsupported } from "./error.ts";
import { attribute, readSmallPart, startTags } from "./xml.ts";
import type { ZipArchive } from "./zip.ts";

/** The relevant parts of the archive; sheets in the order in which they are searched. */
export interface XlsxPackage {
  sheets: { name: string; part: string }[];
  strings: string | undefined;
  styles: string | undefined;
  date1904: boolean;
}

interface Relation {
  id: string;
  type: string;
  target: string;
}

/** Follows the relations of an .xlsx file (ECMA-376 part 2, 9.3) to the relevant parts. */
export async function openPackage(zip: ZipArchive): Promise<XlsxPackage> {
  const workbookPart = await findWorkbook(zip);
  const xml = await readSmallPart(zip, workbookPart);
  const relations = await readRelations(zip, workbookPart);
  const properties = startTags(xml, "workbookPr")[0] ?? "";
  return {
    sheets: listSheets(xml, relations).filter(({ part }) => zip.has(part)),
    strings: presentPart(zip, relations, "sharedStrings"),
    styles: presentPart(zip, relations, "styles"),
    date1904: /^(?:1|true)$/.test(attribute(properties, "date1904") ?? ""),
  };
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
  return startTags(await readSmallPart(zip, name), "Relationship").map((tag) => ({
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

function presentPart(zip: ZipArchive, relations: Relation[], type: string): string | undefined {
  const part = partOfType(relations, type);
  return part !== undefined && zip.has(part) ? part : undefined;
}

function listSheets(xml: string, relations: Relation[]): XlsxPackage["sheets"] {
  const byId = new Map(relations.map((relation) => [relation.id, relation]));
  const visible: XlsxPackage["sheets"] = [];
  const hidden: XlsxPackage["sheets"] = [];
  for (const tag of startTags(xml, "sheet")) {
    const relation = byId.get(attribute(tag, "[\\w.-]{1,40}:id") ?? "");
    if (!relation?.type.endsWith("/worksheet")) continue;
    const list = /hidden/i.test(attribute(tag, "state") ?? "") ? hidden : visible;
    list.push({ name: attribute(tag, "name") ?? "", part: relation.target });
  }
  return [...visible, ...hidden];
}
