import { escapeXml, type SheetColumn, stylesXml } from "./xlsx_cells.ts";

const SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

/** The name of the part of a sheet, counted from 1. */
export const sheetPart = (number: number): string => `xl/worksheets/sheet${number}.xml`;

/** The parts of a workbook beside its sheets: names and XML. ECMA-376, parts 1 and 2. */
export function workbookParts(sheets: readonly string[]): [name: string, xml: string][] {
  const numbered = sheets.map((name, index) => ({ name, number: index + 1 }));
  const styles = numbered.length + 1;
  return [
    [
      "[Content_Types].xml",
      `${HEAD}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ` +
      `ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
      `<Override PartName="/xl/workbook.xml" ContentType="${CONTENT}.sheet.main+xml"/>` +
      `<Override PartName="/xl/styles.xml" ContentType="${CONTENT}.styles+xml"/>` +
      numbered.map(({ number }) =>
        `<Override PartName="/${sheetPart(number)}" ContentType="${CONTENT}.worksheet+xml"/>`
      ).join("") + "</Types>",
    ],
    [
      "_rels/.rels",
      `${HEAD}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" ` +
      `Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ],
    [
      "xl/_rels/workbook.xml.rels",
      `${HEAD}<Relationships xmlns="${PACKAGE}/relationships">` +
      numbered.map(({ number }) =>
        `<Relationship Id="rId${number}" Type="${OFFICE}/worksheet" ` +
        `Target="worksheets/sheet${number}.xml"/>`
      ).join("") +
      `<Relationship Id="rId${styles}" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
    ],
    [
      "xl/workbook.xml",
      `${HEAD}<workbook xmlns="${SPREADSHEET}" xmlns:r="${OFFICE}"><sheets>` +
      numbered.map(({ name, number }) =>
        `<sheet name="${escapeXml(name)}" sheetId="${number}" r:id="rId${number}"/>`
      ).join("") + "</sheets></workbook>",
    ],
    ["xl/styles.xml", HEAD + stylesXml],
  ];
}

const widths: Record<SheetColumn["type"], number> = {
  text: 24,
  integer: 12,
  number: 14,
  money: 16,
  ratio: 12,
  boolean: 10,
  date: 12,
  timestamp: 20,
  list: 24,
};

/**
 * The XML of a sheet before its first row: widths by the types of the columns, and a header row that stays in view.
 * `outline`: the highest level at which rows can be folded away.
 */
export function sheetStart(columns: readonly SheetColumn[], outline = 0): string {
  return `${HEAD}<worksheet xmlns="${SPREADSHEET}"><sheetViews><sheetView workbookViewId="0">` +
    `<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView>` +
    `</sheetViews><sheetFormatPr defaultRowHeight="15"${
      outline > 0 ? ` outlineLevelRow="${outline}"` : ""
    }/><cols>${
      columns.map(({ type }, index) =>
        `<col min="${index + 1}" max="${index + 1}" width="${widths[type]}" customWidth="1"/>`
      ).join("")
    }</cols><sheetData>`;
}

/** The XML of a sheet after its last row. */
export const sheetEnd = "</sheetData></worksheet>";
