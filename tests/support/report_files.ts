import assert from "node:assert/strict";
import * as XLSX from "@e965/xlsx";
import { localTime } from "./report_time.ts";
import type { PreviewBody } from "./reports.ts";

/** A CSV file as text, with its byte order mark. */
export const csvText = (bytes: Uint8Array) =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/** The rows of a CSV file, as a program that is not ours reads them. */
function readCsv(bytes: Uint8Array): unknown[][] {
  const sheet = XLSX.read(csvText(bytes).replace("\uFEFF", ""), { type: "string", raw: true });
  return XLSX.utils.sheet_to_json(sheet.Sheets["Sheet1"] ?? {}, {
    header: 1,
    raw: true,
    defval: null,
    blankrows: true,
  });
}

/** The cells of a sheet with their types. */
export function readSheet(bytes: Uint8Array, name: string): (XLSX.CellObject | undefined)[][] {
  const sheet = XLSX.read(bytes, { type: "array", cellNF: true, cellStyles: true }).Sheets[name];
  assert(sheet, `there is a sheet ${name}`);
  const range = XLSX.utils.decode_range(sheet["!ref"] ?? "A1");
  return Array.from(
    { length: range.e.r + 1 },
    (_, r) =>
      Array.from({ length: range.e.c + 1 }, (_, c) => sheet[XLSX.utils.encode_cell({ r, c })]),
  );
}

const shownCsv = (type: string, value: unknown): unknown => {
  if (value === null) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.join("; ");
  if (type === "timestamp") return String(value).slice(0, 19).replace("T", " ");
  return String(value);
};

/** A cell of a workbook as the preview has it. */
function ofWorkbook(type: string, cell: XLSX.CellObject | undefined): unknown {
  if (cell === undefined || cell.t === "z") return null;
  if (type === "money") return Number(cell.v).toFixed(2);
  if (type === "timestamp" || type === "date") {
    assert.equal(cell.t, "n", `a time is a number: ${JSON.stringify(cell)}`);
    const seconds = Math.round((Number(cell.v) - 25_569) * 86_400);
    return localTime(seconds * 1_000, "UTC").text.slice(0, type === "date" ? 10 : 19);
  }
  return cell.v;
}

const ofPreview = (type: string, value: unknown): unknown => {
  if (type === "timestamp" && value !== null) return String(value).slice(0, 19);
  if (Array.isArray(value)) return value.length === 0 ? null : value.join("; ");
  return value === "" ? null : value;
};

/** Asserts that both files hold what the preview shows, which must be all of the report. */
export function assertFiles(body: PreviewBody, csv: Uint8Array, xlsx: Uint8Array): void {
  const columns = body.columns.filter(({ role }) => role !== "total");
  assert.equal(body.row_count, body.preview_data.length);
  const lines = readCsv(csv);
  assert.equal(lines.length, body.preview_data.length + 1, "rows of the CSV file");
  const sheet = readSheet(xlsx, "Report");
  // Bold rows are subtotals and the total.
  let place = 1;
  const subtotals = [...body.subtotals];
  const checkSubtotals = (rows: number) => {
    for (
      let next = subtotals[0];
      next !== undefined && next.after === rows;
      next = subtotals[0]
    ) {
      const subtotal = subtotals.shift();
      assert.equal(sheet[place]?.[next.level]?.v, "Subtotal");
      columns.slice(next.level + 1).forEach(({ id, type }, c) => {
        const cell = sheet[place]?.[next.level + 1 + c];
        assert.deepEqual(
          ofWorkbook(type, cell),
          ofPreview(type, subtotal?.values[id] ?? null),
          `subtotal, ${id}`,
        );
      });
      place++;
    }
  };
  // A group of time without records has a subtotal and no row.
  checkSubtotals(0);
  body.preview_data.forEach((row, at) => {
    columns.forEach(({ id, type }, c) => {
      const value = row[id] ?? null;
      assert.equal(
        lines[at + 1]?.[c] ?? null,
        shownCsv(type, value === "" ? null : value),
        `CSV, row ${at}, ${id}`,
      );
      assert.deepEqual(
        ofWorkbook(type, sheet[place]?.[c]),
        ofPreview(type, value),
        `XLSX, row ${at}, ${id}`,
      );
    });
    place++;
    checkSubtotals(at + 1);
  });
  assert.equal(subtotals.length, 0, "all subtotals are in the workbook");
}
