import { z } from "../zod.ts";
import { invalidFields } from "../problem.ts";
import { HEADER_ROWS } from "./limits.ts";

const HeaderRow = z.coerce.number().int().min(1).max(HEADER_ROWS);

/** The row number of the header in a form; null when the field is empty. */
export function parseHeaderRow(text: string): number | null {
  if (text.trim() === "") return null;
  const parsed = HeaderRow.safeParse(text.trim());
  if (parsed.success) return parsed.data;
  throw invalidFields([{
    path: "header_row",
    message: `must be a row number from 1 to ${HEADER_ROWS}`,
  }]);
}

/** A mapping in a form, as JSON: field by column header or index; null when the field is empty. */
export function parseMapping<T>(text: string, schema: z.ZodType<T>): T | null {
  if (text.trim() === "") return null;
  let mapping: unknown;
  try {
    mapping = JSON.parse(text);
  } catch {
    throw invalidFields([{ path: "mapping", message: "is not JSON" }]);
  }
  const parsed = schema.safeParse(mapping);
  if (parsed.success) return parsed.data;
  throw invalidFields([{ path: "mapping", message: "is not an object of columns and fields" }]);
}
