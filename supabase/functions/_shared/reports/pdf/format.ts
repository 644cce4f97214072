import { aboutLines } from "../about.ts";
import { reportChart } from "../chart.ts";
import type { WholeFormat } from "../format.ts";
import {
  type FrozenRow,
  type FrozenRun,
  heading,
  type ReportColumn,
  tableColumns,
} from "../run.ts";
import { parseTimestamp } from "../../timestamp.ts";
import { drawChart } from "./chart.ts";
import { type Fonts, PdfDocument } from "./document.ts";
import { columnWidths, type TableRow, writeTable } from "./table.ts";

const numeric = new Set<ReportColumn["type"]>(["integer", "number", "money", "ratio"]);

/** A cell as people read it. */
function cellText(value: unknown, { type }: ReportColumn): string {
  if (value === null || value === undefined) return "";
  if (type === "ratio") return `${(Number(value) * 100).toFixed(1)} %`;
  if (type === "boolean") return value === true ? "yes" : "no";
  if (type === "timestamp") return String(value).slice(0, 16).replace("T", " ");
  return Array.isArray(value) ? value.join("; ") : String(value);
}

function tableRow([, level, cells]: FrozenRow, columns: ReportColumn[]): TableRow {
  const texts = columns.map((column, at) => cellText(cells[at], column));
  if (level === 0) texts[0] = texts[0] ? `Total ${texts[0]}` : "Total";
  return { cells: texts, strong: level !== null };
}

/** The lines about the run in two columns. Answers where they end. */
function writeAbout(document: PdfDocument, run: FrozenRun, from: number): number {
  const style = { size: 8, color: "#1b2430" };
  const soft = { size: 8, color: "#566172" };
  const half = document.width / 2;
  const lines = aboutLines(run).slice(1).map(({ label, value, type }) => ({
    label,
    value: cellText(value, { id: "", label, type: type as ReportColumn["type"], role: "field" }),
  }));
  const middle = Math.ceil(lines.length / 2);
  const column = (some: typeof lines, x: number) =>
    some.reduce((y, { label, value }) => {
      const texts = document.lines(value, half - 110, style, 4);
      document.line(label, { x, y, width: 100 }, soft);
      texts.forEach((text, at) =>
        document.line(text, { x: x + 104, y: y + at * 11, width: half - 110 }, style)
      );
      return y + texts.length * 11 + 1;
    }, from);
  const left = column(lines.slice(0, middle), document.margin);
  const right = column(lines.slice(middle), document.margin + half);
  return Math.max(left, right);
}

function noteOf(run: FrozenRun, shown: number): string | null {
  if (!run.truncated) return null;
  return `This file shows the first ${shown} of ${run.row_count} rows. Totals are of all. ` +
    "A workbook or CSV has more.";
}

async function write(
  run: FrozenRun,
  rows: readonly FrozenRow[],
  fonts: Fonts,
): Promise<Uint8Array<ArrayBuffer>> {
  const columns = tableColumns(run);
  const table = rows.map((row) => tableRow(row, columns));
  const document = new PdfDocument(fonts, {
    title: run.name,
    author: run.organization_name,
    created: new Date(parseTimestamp(run.frozen_at)),
    landscape: columns.length > 6,
  });
  const { margin, width } = document;
  document.lines(run.name, width, { size: 16, bold: true }, 2).forEach((line, at) =>
    document.line(line, { x: margin, y: margin + at * 20, width }, { size: 16, bold: true })
  );
  const shown = rows.filter(([, level]) => level === null).length;
  let y = writeAbout(document, { ...run, row_limit: shown }, margin + 44);
  const chart = run.chart_rows ? reportChart({ ...run, rows: run.chart_rows }) : null;
  if (chart !== null && chart.categories.length > 1) y = drawChart(document, chart, y + 14);
  const note = noteOf(run, shown);
  if (note !== null) {
    document.line(note, { x: margin, y: y + 12, width }, { size: 9, bold: true });
    y += 14;
  }
  const widths = columnWidths(
    columns.map((column) => ({ heading: heading(column, run.time_zone) })),
    table,
    width,
  );
  const size = columns.length > 14 ? 6 : columns.length > 9 ? 7 : 8;
  const end = writeTable(
    document,
    columns.map((column, at) => ({
      heading: heading(column, run.time_zone),
      numeric: numeric.has(column.type),
      width: widths[at] ?? 0,
    })),
    table,
    y + 14 > document.bottom - 60 ? nextPage(document) : y + 14,
    size,
  );
  if (note !== null && end + 20 < document.bottom) {
    document.line(note, { x: margin, y: end + 8, width }, { size: 9, bold: true });
  }
  return await document.finish(`${run.organization_name} · ${run.name}`);
}

function nextPage(document: PdfDocument): number {
  document.pdf.addPage();
  return document.margin;
}

/** The total, where the frozen rows that are shown do not have it. */
const withTotal = (run: FrozenRun, rows: readonly FrozenRow[]): readonly FrozenRow[] =>
  rows.some(([, level]) => level === 0) || run.columns.every(({ role }) => role !== "value")
    ? rows
    : [...rows, [Number.MAX_SAFE_INTEGER, 0, run.totals]];

/**
 * A document to print: what was asked, the chart of a grouped report, the first rows, subtotals and totals. Says if
 * there are more rows.
 */
export const pdfFormat = (fonts: Fonts): WholeFormat => ({
  write: (run, rows) => write(run, withTotal(run, rows), fonts),
});
