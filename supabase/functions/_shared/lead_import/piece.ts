import { readRecords } from "../sheet/csv_records.ts";

/** A row of a file that is not blank, with the row number that spreadsheet programs show. */
export interface FileRow {
  row: number;
  cells: string[];
}

const longestCell = 10_000;

/** The rows below the header in a piece of a file, cut to `width` columns. */
export function rowsOfPiece(
  piece: { content: string; first_row: number },
  { delimiter, headerRow, width }: { delimiter: string; headerRow: number; width: number },
): FileRow[] {
  const rows: FileRow[] = [];
  readRecords(piece.content, delimiter, (record, fields) => {
    const row = piece.first_row + record - 1;
    if (row > headerRow && fields.some((field) => field.trim() !== "")) {
      rows.push({
        row,
        cells: fields.slice(0, width).map((field) => field.slice(0, longestCell).toWellFormed()),
      });
    }
    return true;
  });
  return rows;
}

/** For each row the first earlier row with the same phone number or e-mail address, or null. */
export function findRepeats(
  rows: readonly { row: number; lead: { phone?: string; email?: string } }[],
): ({ field: "phone" | "email"; firstRow: number } | null)[] {
  const seen = { phone: new Map<string, number>(), email: new Map<string, number>() };
  return rows.map(({ row, lead }) => {
    let found: { field: "phone" | "email"; firstRow: number } | null = null;
    for (const field of ["phone", "email"] as const) {
      const contact = lead[field];
      if (contact === undefined) continue;
      const firstRow = seen[field].get(contact);
      if (firstRow === undefined) seen[field].set(contact, row);
      else found ??= { field, firstRow };
    }
    return found;
  });
}
