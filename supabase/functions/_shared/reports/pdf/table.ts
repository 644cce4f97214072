import type { PdfDocument, TextStyle } from "./document.ts";

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

const padding = 4;
const mostLines = 4;
/** Letters that a column has room for beyond its longest text. */
const breathingSpace = 3;

/** Widths in proportion to what the columns hold, between a least and a largest width, that fill the page. */
export function columnWidths(
  columns: readonly { heading: string }[],
  rows: readonly TableRow[],
  width: number,
): number[] {
  const wanted = columns.map(({ heading }, at) => {
    const longest = rows.slice(0, 200)
      .reduce((most, { cells }) => Math.max(most, [...(cells[at] ?? "")].length), 0);
    return Math.min(36, Math.max(6, longest, Math.min(14, heading.length))) + breathingSpace;
  });
  const sum = wanted.reduce((total, one) => total + one, 0);
  return wanted.map((one) => width * one / sum);
}

/** Writes a table with its heading on every page. Answers where it ends. */
export function writeTable(
  document: PdfDocument,
  columns: readonly TableColumn[],
  rows: readonly TableRow[],
  from: number,
  size: number,
): number {
  const lineHeight = size * 1.3;
  const { pdf, margin } = document;

  const write = (texts: readonly string[], style: TextStyle, y: number, ground?: string) => {
    const cells = texts.map((text, at) =>
      document.lines(text, (columns[at]?.width ?? 0) - 2 * padding, style, mostLines)
    );
    const height = Math.max(1, ...cells.map(({ length }) => length)) * lineHeight + padding;
    return { height, draw: () => draw(cells, style, y, height, ground) };
  };

  const draw = (
    cells: string[][],
    style: TextStyle,
    y: number,
    height: number,
    ground?: string,
  ) => {
    if (ground) pdf.rect(margin, y, document.width, height).fill(ground);
    let x = margin;
    cells.forEach((lines, at) => {
      const { width = 0, numeric = false } = columns[at] ?? {};
      lines.forEach((line, row) =>
        document.line(line, {
          x: x + padding,
          y: y + padding / 2 + row * lineHeight,
          width: width - 2 * padding,
          align: numeric ? "end" : "start",
        }, style)
      );
      x += width;
    });
  };

  const head = (y: number): number => {
    const style = { size, bold: true, color: "#ffffff" };
    const row = write(columns.map(({ heading }) => heading), style, y, "#24405f");
    row.draw();
    return y + row.height;
  };

  let y = head(from);
  rows.forEach(({ cells, strong }, at) => {
    const style = { size, bold: strong };
    const ground = strong ? "#e4eaf2" : at % 2 === 1 ? "#f5f7fa" : undefined;
    let row = write(cells, style, y, ground);
    if (y + row.height > document.bottom) {
      pdf.addPage();
      y = head(margin);
      row = write(cells, style, y, ground);
    }
    row.draw();
    y += row.height;
  });
  return y;
}
