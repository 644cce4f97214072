import { toCsv } from "../csv.ts";
import type { ReportFormat } from "./format.ts";
import { heading, type ReportColumn, tableColumns } from "./run.ts";

type Text = string | number | boolean | null;

/** A cell as CSV has it: local times without their offset, which is in the heading; lists joined. */
function textOf(value: unknown, { type }: ReportColumn): Text {
  if (type === "timestamp" && typeof value === "string") {
    return value.slice(0, 19).replace("T", " ");
  }
  return Array.isArray(value) ? value.join("; ") : value as Text;
}

/** The rows without subtotals and total, which would count twice where the file is read by a program. */
export const csvFormat: ReportFormat<null> = {
  rowsPerSlice: 10_000,
  begin(run) {
    const headings = tableColumns(run).map((column) => heading(column, run.time_zone));
    // The byte order mark is how spreadsheet programs know UTF-8.
    return { bytes: new TextEncoder().encode("\uFEFF" + toCsv([headings])), state: null };
  },
  rows(run, _state, rows) {
    const columns = tableColumns(run);
    const lines = rows.filter(([, level]) => level === null)
      .map(([, , cells]) => columns.map((column, at) => textOf(cells[at], column)));
    return { bytes: new TextEncoder().encode(toCsv(lines)), state: null };
  },
  end: () => new Uint8Array(),
};
