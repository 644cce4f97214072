/** The value of one cell of a sheet. Objects carry what a bare string or number cannot express. */
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

/** The displayed text of a cell, for an error report; null when the cell is empty. */
export function cellText(cell: CellValue | undefined): string | null {
  if (cell === null || cell === undefined || cell === "") return null;
  const text = (typeof cell === "object" ? cell.text : String(cell)).replaceAll("\0", "");
  // The database cannot store half a surrogate pair, whether cut here or in the file.
  return (text.length > 100 ? `${text.slice(0, 99)}…` : text).toWellFormed();
}

/** Whether a text is an error value that spreadsheet programs show instead of a result. */
export function isExcelError(text: string): boolean {
  return text.startsWith("#") && EXCEL_ERROR.test(text);
}

/** The message for such a cell. */
export function excelError(text: string): string {
  return text.startsWith("#")
    ? `The cell holds the spreadsheet error ${text}. Correct its formula or enter the value.`
    : "The formula has no stored result. Open the file, let it calculate and save it again.";
}
