import { padding, type TableLayout, type TableRow } from "./columns.ts";
import type { PdfDocument, PlacedLine, TextStyle } from "./document.ts";

const mostLines = 4;

/** Writes a table with its heading on every page. Answers where it ends. */
export function writeTable(
  document: PdfDocument,
  { columns, size }: TableLayout,
  rows: readonly TableRow[],
  from: number,
): number {
  const lineHeight = size * 1.3;
  const { margin } = document;

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
    if (ground) document.box(margin, y, document.width, height, ground);
    const placed: PlacedLine[] = [];
    let x = margin;
    cells.forEach((lines, at) => {
      const { width = 0, numeric = false } = columns[at] ?? {};
      lines.forEach((text, row) =>
        placed.push({
          text,
          x: x + padding,
          y: y + padding / 2 + row * lineHeight,
          width: width - 2 * padding,
          align: numeric ? "end" : "start",
        })
      );
      x += width;
    });
    document.write(placed, style);
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
      y = head(document.nextPage());
      row = write(cells, style, y, ground);
    }
    row.draw();
    y += row.height;
  });
  return y;
}
