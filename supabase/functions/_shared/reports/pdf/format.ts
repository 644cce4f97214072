import { reportChart } from "../chart.ts";
import type { WholeFormat } from "../format.ts";
import { type FrozenRow, type FrozenRun, type ReportColumn, tableColumns } from "../run.ts";
import { shownCells } from "../total_rows.ts";
import { parseTimestamp } from "../../timestamp.ts";
import { writeAbout } from "./about.ts";
import { cellText } from "./cell.ts";
import { drawChart } from "./chart.ts";
import { type Fonts, PdfDocument } from "./document.ts";
import { layOutTable, type TableRow } from "./columns.ts";
import { writeTable } from "./table.ts";

const titleStyle = { size: 16, bold: true };
/** Room for the note, the headings and a row. */
const leastTable = 100;
const noteStyle = { size: 9, bold: true };

/** A row of the table; none for a total that only repeats the one row of a report without groups. */
function tableRow(run: FrozenRun, row: FrozenRow, columns: ReportColumn[]): TableRow[] {
  const cells = shownCells(run, row);
  if (cells === null) return [];
  const texts = columns.map(({ type }, at) => cellText(cells[at], type));
  return [{ cells: texts, strong: row[1] !== null }];
}

function noteOf(run: FrozenRun, shown: number): string | null {
  if (!run.truncated) return null;
  return `This file shows the first ${shown} of ${run.row_count} rows. Totals are of all. ` +
    "A workbook or CSV has more.";
}

function writeTitle(document: PdfDocument, name: string): number {
  const { margin, width } = document;
  const lines = document.lines(name, width, titleStyle, 2);
  const placed = lines.map((text, at) => ({ text, x: margin, y: margin + at * 20, width }));
  document.write(placed, titleStyle);
  return margin + 44;
}

/** Answers where it ends. */
function writeNote(document: PdfDocument, note: string | null, from: number): number {
  if (note === null) return from;
  const { margin, width } = document;
  const lines = document.lines(note, width, noteStyle, 2);
  document.write(
    lines.map((text, at) => ({ text, x: margin, y: from + at * 12, width })),
    noteStyle,
  );
  return from + lines.length * 12;
}

async function write(
  run: FrozenRun,
  rows: readonly FrozenRow[],
  fonts: Fonts,
): Promise<Uint8Array<ArrayBuffer>> {
  const columns = tableColumns(run);
  const table = rows.flatMap((row) => tableRow(run, row, columns));
  const document = new PdfDocument(fonts, {
    title: run.name,
    author: run.organization_name,
    created: new Date(parseTimestamp(run.frozen_at)),
  });
  const layout = layOutTable(document, columns, table, run.time_zone);
  document.begin(layout.paper);
  const shown = rows.filter(([, level]) => level === null).length;
  let y = writeAbout(document, { ...run, row_limit: shown }, writeTitle(document, run.name));
  const chart = run.chart_rows ? reportChart({ ...run, rows: run.chart_rows }) : null;
  if (chart !== null && chart.categories.length > 1) y = drawChart(document, chart, y + 14);
  if (y + leastTable > document.bottom) y = document.nextPage() - 12;
  const note = noteOf(run, shown);
  const end = writeTable(document, layout, table, writeNote(document, note, y + 12) + 2);
  if (end + 32 < document.bottom) writeNote(document, note, end + 8);
  return await document.finish(`${run.organization_name} · ${run.name}`);
}

/** The total, where the frozen rows that are shown do not have it. */
const withTotal = (run: FrozenRun, rows: readonly FrozenRow[]): readonly FrozenRow[] =>
  rows.some(([, level]) => level === 0)
    ? rows
    : [...rows, [Number.MAX_SAFE_INTEGER, 0, run.totals]];

/**
 * A document to print: what was asked, the chart of a grouped report, the first rows, subtotals and totals. Says if
 * there are more rows.
 */
export const pdfFormat = (fonts: Fonts): WholeFormat => ({
  write: (run, rows) => write(run, withTotal(run, rows), fonts),
});
