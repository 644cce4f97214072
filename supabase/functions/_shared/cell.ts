/** The value of one cell of a sheet. Objects carry what a bare string or number cannot express. */
export type CellValue =
  | string
  | number
  | boolean
  | null
  | { kind: "error"; text: string }
  | { kind: "date"; text: string }
  | { kind: "formatted"; number: number; text: string }
  /** A formula whose stored result is an empty text. */
  | { kind: "blank_formula"; text: "" };

const EXCEL_ERROR =
  /^#(?:REF!|N\/A|NAME\?|VALUE!|DIV\/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|GETTING_DATA)$/i;
const NOTHING = new Set(["-", "--", "–", "—", "n/a", "none", "nil", "null"]);

// deno-lint-ignore no-control-regex -- matches the control characters to remove
const UNSHOWN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]/g;

/** Excel's error value for a formula that has no stored result yet. */
export const PENDING_RESULT = "#GETTING_DATA";

/** The displayed text of a cell, for an error report; null when the cell is empty. */
export function cellText(cell: CellValue | undefined): string | null {
  if (cell === null || cell === undefined || cell === "") return null;
  const text = (typeof cell === "object" ? cell.text : String(cell)).replace(UNSHOWN, "");
  if (text === "" || text === PENDING_RESULT) return null;
  // The database cannot store half a surrogate pair, whether cut here or in the file.
  return (text.length > 100 ? `${text.slice(0, 99)}…` : text).toWellFormed();
}

/** Whether a cell is empty or shows nothing. */
export function isBlank(cell: CellValue | undefined): boolean {
  return cell === null || cell === undefined ||
    (typeof cell === "string" && cell.trim() === "") ||
    (typeof cell === "object" && cell.kind === "blank_formula");
}

/** Whether a text only says that there is no value: a dash, `n/a`, `none`, `nil`, `null`. */
export function meansNothing(text: string): boolean {
  return text.length <= 4 && NOTHING.has(text.toLowerCase());
}

/** The error of a text that is an error value of a spreadsheet program; null for other texts. */
export function excelError(text: string): string | null {
  if (!text.startsWith("#") || !EXCEL_ERROR.test(text)) return null;
  return text.toUpperCase() === PENDING_RESULT
    ? "The formula has no stored result. Open the file, let it calculate and save it again."
    : `The cell holds the spreadsheet error ${text}. Correct its formula or enter the value.`;
}
