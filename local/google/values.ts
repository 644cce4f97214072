import { z } from "zod";
import { badRequest } from "./answer.ts";
import { parseRange, type Range } from "./range.ts";
import type { Cells, Spreadsheet, Store } from "./store.ts";

/** Characters of a cell that Google accepts at most. */
const longestCell = 50_000;

const Cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const InputOption = z.enum(["RAW", "USER_ENTERED"]);
export const ValueRange = z.object({
  range: z.string().optional(),
  majorDimension: z.literal("ROWS").optional(),
  values: z.array(z.array(Cell)),
});
export const ValueBatch = z.object({
  valueInputOption: InputOption,
  data: z.array(ValueRange.required({ range: true })),
});

/** The input option of a query; there is no default. @throws Refusal 400 */
export function inputOption(query: URLSearchParams): z.infer<typeof InputOption> {
  const option = InputOption.safeParse(query.get("valueInputOption"));
  if (!option.success) throw badRequest("'valueInputOption' is required but not specified");
  return option.data;
}

/** What becomes of a value: `USER_ENTERED` runs what looks like a formula, `RAW` keeps it. */
function entered(option: string, value: Cells[number]): Cells[number] {
  if (typeof value !== "string") return value;
  if (value.length > longestCell) {
    throw badRequest("Your input contains more than the maximum of 50000 characters.");
  }
  return option === "USER_ENTERED" && value.startsWith("=") ? `(evaluated) ${value}` : value;
}

interface Written {
  updatedRange: string;
  updatedRows: number;
}

function write(store: Store, id: string, range: Range, option: string, values: Cells[]): void {
  if (values.length > range.lastRow - range.firstRow + 1) {
    throw badRequest("Requested writing within the range, but there are more rows.");
  }
  values.forEach((row, at) => {
    if (row.length > range.lastColumn - range.firstColumn + 1) {
      throw badRequest("Requested writing within the range, but there are more columns.");
    }
    const cells = row.map((value) => entered(option, value));
    store.writeRow(id, range.tab.sheetId, range.firstRow + at, range.firstColumn, cells);
  });
}

/** `PUT …/values/{range}` and each part of `…/values:batchUpdate`. */
export function updateValues(
  store: Store,
  spreadsheet: Spreadsheet,
  option: string,
  { range, values }: { range: string; values: Cells[] },
): Written {
  write(store, spreadsheet.id, parseRange(spreadsheet, range), option, values);
  return { updatedRange: range, updatedRows: values.length };
}

/** `POST …/values/{range}:append`: below what the tab holds, which a repetition does once more. */
export function appendValues(
  store: Store,
  spreadsheet: Spreadsheet,
  option: string,
  { range, values }: { range: string; values: Cells[] },
): Written {
  const found = parseRange(spreadsheet, range);
  const firstRow = store.lastRow(spreadsheet.id, found.tab.sheetId) + 1;
  const lastRow = firstRow + values.length - 1;
  found.tab.rowCount = Math.max(found.tab.rowCount, lastRow + 1);
  write(store, spreadsheet.id, { ...found, firstRow, lastRow }, option, values);
  store.saveSpreadsheet(spreadsheet);
  return { updatedRange: range, updatedRows: values.length };
}

/** `GET …/values/{range}`. */
export function readValues(store: Store, spreadsheet: Spreadsheet, range: string) {
  const { tab, firstRow, lastRow, firstColumn, lastColumn } = parseRange(spreadsheet, range);
  const values: Cells[] = [];
  for (const { row, cells } of store.rows(spreadsheet.id, tab.sheetId, firstRow, lastRow)) {
    while (values.length < row - firstRow) values.push([]);
    values.push(cells.slice(firstColumn, lastColumn + 1).map((cell) => cell ?? ""));
  }
  return { range, majorDimension: "ROWS", values };
}
