import type { FieldError } from "../problem.ts";
import { columnOf } from "../sheet/column.ts";
import type { Column, FieldRules, Mapping } from "./columns.ts";

/** The mapping suggested by the headers; the first of several columns with a field has it. */
export function suggestMapping(columns: readonly Column[], rules: FieldRules): Mapping {
  const mapping: Mapping = {};
  const taken = new Set<string>();
  for (const { index, name } of columns) {
    const field = rules.fieldOf(name);
    if (field === undefined || taken.has(field)) continue;
    taken.add(field);
    mapping[index] = field;
  }
  return mapping;
}

/**
 * Resolves a requested mapping { header or index: field } to column indexes. Columns mapped to null or "" are left out.
 * Errors have the paths of the request.
 */
export function resolveMapping(
  requested: Readonly<Record<string, string | null>>,
  columns: readonly Column[],
  rules: FieldRules,
): { mapping: Mapping; errors: FieldError[] } {
  const mapping: Mapping = {};
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  for (const [name, field] of Object.entries(requested)) {
    if (field === null || field === "") continue;
    const column = columnOf(name, columns);
    const message = column === undefined
      ? "is not a column of the file"
      : !rules.isField(field)
      ? `is not mapped to a ${rules.what} field`
      : taken.has(field) || mapping[column.index] !== undefined
      ? "is mapped twice"
      : null;
    if (message !== null || column === undefined) {
      errors.push({ path: `mapping.${name}`, message: message ?? "is not a column of the file" });
      continue;
    }
    taken.add(field);
    mapping[column.index] = field;
  }
  return { mapping, errors };
}
