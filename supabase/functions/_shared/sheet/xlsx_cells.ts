/**
 * How the cells of a column are kept: numbers as numbers, days and times as such with a format. Values are what JSON has:
 * numbers or decimal strings, days as `2026-11-30`, times as `2026-11-30T14:05:00` (an offset after it is not read:
 * a workbook knows local times only), lists of texts. Days and times may also be numbers of `serialDay`.
 */
export type CellType =
  | "text"
  | "integer"
  | "number"
  | "money"
  | "ratio"
  | "boolean"
  | "date"
  | "timestamp"
  | "list";

/** A column of a sheet. `scale`: digits after the point of money, 2 by default. */
export interface SheetColumn {
  type: CellType;
  scale?: number;
}

const SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

const formats = [
  "General",
  "yyyy-mm-dd",
  "yyyy-mm-dd hh:mm:ss",
  "#,##0.00",
  "#,##0.00000",
  "0.00%",
];
const General = 0;
const Day = 1;
const Time = 2;
const Amount = 3;
const SmallAmount = 4;
const Percent = 5;

/** The index of a cell's style in `stylesXml`: each format plain, then in bold. */
const styleOf = (format: number, bold: boolean) => format * 2 + (bold ? 1 : 0);

/** The part `xl/styles.xml` of workbooks with these cells. */
export const stylesXml: string =
  `<styleSheet xmlns="${SPREADSHEET}"><numFmts count="${formats.length - 1}">${
    formats.slice(1).map((code, index) =>
      `<numFmt numFmtId="${164 + index}" formatCode="${code}"/>`
    ).join("")
  }</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>` +
  `<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
  `<fills count="2"><fill><patternFill patternType="none"/></fill>` +
  `<fill><patternFill patternType="gray125"/></fill></fills>` +
  `<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
  `<cellXfs count="${formats.length * 2}">${
    formats.map((_, index) => {
      const format = index === 0 ? 0 : 163 + index;
      return [0, 1].map((font) =>
        `<xf numFmtId="${format}" fontId="${font}" applyNumberFormat="1" applyFont="1"/>`
      ).join("");
    }).join("")
  }</cellXfs></styleSheet>`;

// deno-lint-ignore no-control-regex -- matches characters that XML does not allow
const SPECIAL = /[&<>\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
// deno-lint-ignore no-control-regex -- removes characters that XML does not allow
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
/** How workbooks write characters that XML does not have (ECMA-376 part 1, 22.9.2.19): a text may look the same. */
const ESCAPED = /_(?=x[\da-f]{4}_)/gi;
const longestCell = 32_767;
/** What is a number in the cells that the database gives. */
export const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** A text as XML allows it. */
export function escapeXml(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replace(UNWRITABLE, "").replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** A text is an inline string, so that it can never be a formula. */
function textCell(value: unknown, bold: boolean): string {
  const given = String(value).slice(0, longestCell).toWellFormed();
  const text = escapeXml(given.includes("_") ? given.replace(ESCAPED, "_x005F_") : given);
  const style = bold ? ' s="1"' : "";
  return text === ""
    ? "<c/>"
    : `<c t="inlineStr"${style}><is><t xml:space="preserve">${text}</t></is></c>`;
}

function numberCell(value: unknown, format: number, bold: boolean): string {
  const text = String(value);
  if (!NUMBER.test(text)) return textCell(value, bold);
  const style = styleOf(format, bold);
  return style === 0 ? `<c><v>${text}</v></c>` : `<c s="${style}"><v>${text}</v></c>`;
}

const daysBefore1970 = 25_569;

/** The number of a local time, given in milliseconds from 1970-01-01, to the second; null for what workbooks cannot hold. */
export function serialDay(milliseconds: number): number | null {
  const day = Math.floor(milliseconds / 1000) / 86_400 + daysBefore1970;
  return day > 60 ? day : null;
}

/** The number of a day, or of a time of a day, as spreadsheet programs count since 1900; null for what they cannot. */
export function serialOf(text: string): number | null {
  const day = Date.UTC(
        Number(text.slice(0, 4)),
        Number(text.slice(5, 7)) - 1,
        Number(text.slice(8, 10)),
      ) / 86_400_000 + daysBefore1970;
  if (!(day > 60)) return null;
  if (text.length < 19) return day;
  const seconds = Number(text.slice(11, 13)) * 3600 + Number(text.slice(14, 16)) * 60 +
    Number(text.slice(17, 19));
  return day + seconds / 86_400;
}

function dayCell(value: unknown, format: number, bold: boolean): string {
  const serial = typeof value === "number" ? value : serialOf(String(value));
  return serial === null || Number.isNaN(serial)
    ? textCell(value, bold)
    : `<c s="${styleOf(format, bold)}"><v>${serial}</v></c>`;
}

type CellXml = (value: unknown, bold: boolean) => string;

function cellXmlOf({ type, scale = 2 }: SheetColumn): CellXml {
  switch (type) {
    case "integer":
    case "number":
      return (value, bold) => numberCell(value, General, bold);
    case "money":
      return (value, bold) => numberCell(value, scale > 2 ? SmallAmount : Amount, bold);
    case "ratio":
      return (value, bold) => numberCell(value, Percent, bold);
    case "boolean":
      return (value, bold) =>
        typeof value === "boolean" ? `<c t="b"><v>${value ? 1 : 0}</v></c>` : textCell(value, bold);
    case "date":
      return (value, bold) => dayCell(value, Day, bold);
    case "timestamp":
      return (value, bold) => dayCell(value, Time, bold);
    case "list":
      return (value, bold) => textCell(Array.isArray(value) ? value.join("; ") : value, bold);
    case "text":
      return textCell;
  }
}

/** What a row may have: bold cells, and the level at which it can be folded away (0: never). */
export interface RowOptions {
  bold?: boolean;
  outline?: number;
}

/** Turns the rows of a sheet into XML. A cell that does not have its column's type is a text. */
export function rowWriter(
  columns: readonly SheetColumn[],
): (cells: readonly unknown[], options?: RowOptions) => string {
  const writers = columns.map(cellXmlOf);
  return (cells, { bold = false, outline = 0 } = {}) => {
    let xml = outline > 0 ? `<row outlineLevel="${outline}">` : "<row>";
    for (let at = 0; at < writers.length; at++) {
      const value = cells[at];
      xml += value === null || value === undefined || value === ""
        ? "<c/>"
        : (writers[at] as CellXml)(value, bold);
    }
    return xml + "</row>";
  };
}
