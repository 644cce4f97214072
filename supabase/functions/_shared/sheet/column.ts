import type { HeaderColumn } from "./header.ts";
import { headerKey } from "./header_key.ts";

/** The column that a client names by its header, exactly or by its key, or by its index. */
export function columnOf<C extends HeaderColumn>(
  name: string,
  columns: readonly C[],
): C | undefined {
  const key = headerKey(name);
  return columns.find((column) => column.name === name) ??
    (key === "" ? undefined : columns.find((column) => headerKey(column.name) === key)) ??
    columns.find(({ index }) => String(index) === name.trim());
}
