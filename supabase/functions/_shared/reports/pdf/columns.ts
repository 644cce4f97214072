import { heading, type ReportColumn } from "../run.ts";
import type { Paper, PdfDocument } from "./document.ts";

/** A column: its heading, on which side its cells stand, and the width that it has. */
export interface TableColumn {
  heading: string;
  numeric: boolean;
  width: number;
}

/** A row as texts; subtotals and the total are bold. */
export interface TableRow {
  cells: string[];
  strong: boolean;
}

/** A table as it is laid out: on which paper, in which size of letters. */
export interface TableLayout {
  paper: Paper;
  size: number;
  columns: TableColumn[];
}

/** Between the edge of a cell and its text. */
export const padding = 4;

const numeric = new Set<ReportColumn["type"]>(["integer", "number", "money", "ratio"]);
/** What is read wrongly if it is cut into lines. */
const unbroken = new Set<ReportColumn["type"]>([
  ...numeric,
  "boolean",
  "date",
  "timestamp",
  "period",
]);
/** Of a column that is not broken, in letters. */
const widestUnbroken = 40;
const papers: Paper[] = [
  { size: "A4", landscape: false },
  { size: "A4", landscape: true },
  { size: "A3", landscape: true },
  { size: "A2", landscape: true },
];
/** More columns begin with a landscape page. */
const portraitColumns = 6;

interface Need {
  least: number;
  wanted: number;
}

const most = (values: Iterable<number>): number => {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
};

/** What a column of numbers or times needs, so that each is on one line. */
function unbrokenNeed(
  document: PdfDocument,
  title: string,
  cells: TableRow[],
  at: number,
  size: number,
) {
  const words = title.split(/\s+/).map((word) => document.measure(word, { size, bold: true }));
  const widths = cells.map(({ cells, strong }) =>
    document.measure(cells[at] ?? "", { size, bold: strong })
  );
  const width = Math.min(most([...words, ...widths]), widestUnbroken * size) + 2 * padding + 1;
  return { least: width, wanted: width };
}

/** What a column of texts would like, by the number of its letters, and what it needs to be read. */
function textNeed(title: string, rows: TableRow[], at: number, size: number): Need {
  const longest = most(rows.slice(0, 200).map(({ cells }) => (cells[at] ?? "").length));
  const letters = Math.min(36, Math.max(6, longest, Math.min(14, title.length)));
  const wanted = (letters + 2) * size * 0.6 + 2 * padding;
  return { least: Math.min(wanted, 9 * size + 2 * padding), wanted };
}

const sum = (values: number[]): number => values.reduce((total, one) => total + one, 0);

/** Widths that fill the page: what numbers need, and for texts the rest as they want it. */
function widthsFor(needs: Need[], width: number): number[] {
  const wanted = sum(needs.map((need) => need.wanted));
  if (wanted <= width) return needs.map((need) => need.wanted * width / wanted);
  const least = sum(needs.map((need) => need.least));
  if (least >= width) return needs.map((need) => need.least * width / least);
  const share = (width - least) / (wanted - least);
  return needs.map((need) => need.least + (need.wanted - need.least) * share);
}

/** The smallest paper on which no number is broken and texts can be read, and the widths of the columns there. */
export function layOutTable(
  document: PdfDocument,
  columns: ReportColumn[],
  rows: TableRow[],
  timeZone: string,
): TableLayout {
  const size = columns.length > 14 ? 6 : columns.length > 9 ? 7 : 8;
  const titles = columns.map((column) => heading(column, timeZone));
  const needs = columns.map(({ type }, at) =>
    unbroken.has(type)
      ? unbrokenNeed(document, titles[at] ?? "", rows, at, size)
      : textNeed(titles[at] ?? "", rows, at, size)
  );
  const least = sum(needs.map((need) => need.least));
  const possible = columns.length > portraitColumns ? papers.slice(1) : papers;
  const paper = possible.find((one) => document.widthOn(one) >= least) ??
    { size: "A2", landscape: true };
  const widths = widthsFor(needs, document.widthOn(paper));
  return {
    paper,
    size,
    columns: columns.map(({ type }, at) => ({
      heading: titles[at] ?? "",
      numeric: numeric.has(type),
      width: widths[at] ?? 0,
    })),
  };
}
