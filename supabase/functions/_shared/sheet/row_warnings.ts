import type { Damage } from "./csv_records.ts";

const DAMAGED_ROW = "The row has a character that is not valid in the file's encoding. " +
  "Check its texts: the character was read as Windows-1252.";

const MAC_ROW = "The row seems to be in a Mac encoding, so that accents are wrong. " +
  "Save the file as CSV UTF-8 and send it again.";

/** The warning for a row with damaged characters in a file that is Unicode otherwise, or not. */
export function damageWarning(damage: Damage | null, isUnicode: boolean): string | null {
  if (damage === null) return null;
  if (isUnicode) return DAMAGED_ROW;
  return damage === "mac" ? MAC_ROW : null;
}

/** The warning for rows that are hidden in a workbook and read all the same; null without any. */
export function hiddenRowsWarning(
  rows: readonly number[],
): { row: number; message: string } | null {
  const [first] = rows;
  if (first === undefined) return null;
  const shown = rows.slice(0, 10).join(", ") + (rows.length > 10 ? ", …" : "");
  return {
    row: first,
    message: `Rows hidden in the workbook, for example by a filter, are read too: ${shown} ` +
      `(${rows.length} in all). Delete them if they do not belong to the data.`,
  };
}
