/** What one cell of a sheet holds. The kinds are what a bare string or number cannot tell. */
export type CellValue =
  | string
  | number
  | boolean
  | null
  | { kind: "error"; text: string }
  | { kind: "date"; text: string }
  | { kind: "formatted"; number: number; text: string };

const EXCEL_ERROR =
  /^#(?:REF!|N\/A|NAME\?|VALUE!|DIV\/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|GETTING_DATA)$/i;

/** The cell as a person sees it, for an error report; null when it is empty. */
export function cellText(cell: CellValue | undefined): string | null {
  if (cell === null || cell === undefined || cell === "") return null;
  const text = (typeof cell === "object" ? cell.text : String(cell)).replaceAll("\0", "");
  // Half a surrogate pair, cut off here or in the file itself, is nothing that the database stores.
  return (text.length > 100 ? `${text.slice(0, 99)}…` : text).toWellFormed();
}

/** Whether a text is what a spreadsheet program shows in place of a result that it could not calculate. */
export function isExcelError(text: string): boolean {
  return text.startsWith("#") && EXCEL_ERROR.test(text);
}

/** What is wrong with such a cell. */
export function excelError(text: string): string {
  return text.startsWith("#")
    ? `The cell holds the spreadsheet error ${text}. Correct its formula or enter the value.`
    : "The formula has no stored result. Open the file, let it calculate and save it again.";
}
