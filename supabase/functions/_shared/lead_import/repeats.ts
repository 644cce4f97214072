import type { Repeat } from "../file_import/kind.ts";
import type { LeadRow } from "./row.ts";

/** For each row the first earlier row with the same phone number or e-mail address, or null. */
export function findRepeats(
  rows: readonly { row: number; record: Pick<LeadRow, "phone" | "email"> }[],
): (Repeat | null)[] {
  const seen = { phone: new Map<string, number>(), email: new Map<string, number>() };
  return rows.map(({ row, record }) => {
    let found: Repeat | null = null;
    for (const field of ["phone", "email"] as const) {
      const contact = record[field];
      if (contact === undefined) continue;
      const firstRow = seen[field].get(contact);
      if (firstRow === undefined) seen[field].set(contact, row);
      else found ??= { field, firstRow };
    }
    return found;
  });
}
