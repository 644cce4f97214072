import { type FrozenRow, type FrozenRun, type ReportColumn, tableColumns } from "./run.ts";

/** The number of groups of a grouped report; 0 for any other. */
export const depthOf = (columns: readonly ReportColumn[]): number =>
  columns.filter(({ role }) => role === "group").length;

/** A subtotal says so in the first of the groups that it sums up. */
function labelled(cells: readonly unknown[], level: number): unknown[] {
  return cells.map((cell, at) => at === level ? (level === 0 ? "Total" : "Subtotal") : cell);
}

/** The total of a list, each sum under the field that it sums up; null if there is none. */
function listTotal(run: FrozenRun): unknown[] | null {
  const columns = tableColumns(run);
  const sums = columns.map(({ id }) =>
    run.totals[run.columns.findIndex((column) => column.id === `sum(${id})`)] ?? null
  );
  if (sums.every((sum) => sum === null)) return null;
  return sums.map((sum, at) => at === 0 && sum === null ? "Total" : sum);
}

/** The cells of a row as a table shows them: subtotals and total labelled; null for a total that a table leaves out. */
export function shownCells(run: FrozenRun, [, level, cells]: FrozenRow): unknown[] | null {
  if (level === null) return cells;
  const columns = tableColumns(run);
  if (level > 0) return labelled(cells, level);
  if (columns.every(({ role }) => role === "field")) return listTotal(run);
  return depthOf(columns) === 0 ? null : labelled(cells, 0);
}
