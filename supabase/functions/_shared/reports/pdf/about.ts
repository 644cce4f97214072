import { aboutLines } from "../about.ts";
import type { FrozenRun } from "../run.ts";
import { cellText } from "./cell.ts";
import type { PdfDocument } from "./document.ts";

const style = { size: 8, color: "#1b2430" };
const soft = { size: 8, color: "#566172" };
const lineHeight = 11;
const labelWidth = 104;
const gap = 6;

interface Entry {
  label: string[];
  value: string[];
  height: number;
}

function entriesOf(document: PdfDocument, run: FrozenRun, width: number): Entry[] {
  return aboutLines(run).slice(1).map(({ label, value, type }) => {
    const labels = document.lines(label, labelWidth - gap, soft, 3);
    const values = document.lines(cellText(value, type), width - labelWidth - gap, style, 12);
    const lines = Math.max(1, labels.length, values.length);
    return { label: labels, value: values, height: lines * lineHeight + 1 };
  });
}

/** Takes entries from the front until the height is reached, at least one. */
function take(entries: Entry[], height: number): Entry[] {
  const taken: Entry[] = [];
  let used = 0;
  while (entries[0] !== undefined && (taken.length === 0 || used + entries[0].height <= height)) {
    used += entries[0].height;
    taken.push(entries[0]);
    entries.shift();
  }
  return taken;
}

function writeColumn(
  document: PdfDocument,
  entries: readonly Entry[],
  place: { x: number; y: number; width: number },
): number {
  let { y } = place;
  for (const { label, value, height } of entries) {
    const at = (lines: string[], x: number, width: number) =>
      lines.map((text, line) => ({ text, x, y: y + line * lineHeight, width }));
    document.write(at(label, place.x, labelWidth - gap), soft);
    document.write(at(value, place.x + labelWidth, place.width - labelWidth - gap), style);
    y += height;
  }
  return y;
}

/** What was asked and when, in two columns, over as many pages as it needs. Answers where it ends. */
export function writeAbout(document: PdfDocument, run: FrozenRun, from: number): number {
  const width = document.width / 2;
  const entries = entriesOf(document, run, width);
  let y = from;
  for (;;) {
    const height = entries.reduce((sum, entry) => sum + entry.height, 0);
    const room = document.bottom - y;
    const tallest = Math.max(...entries.map((entry) => entry.height));
    const half = Math.min(room, height / 2 + tallest / 2);
    const ends = [0, 1].map((column) =>
      writeColumn(document, take(entries, half), { x: document.margin + column * width, y, width })
    );
    if (entries.length === 0) return Math.max(...ends);
    y = document.nextPage();
  }
}
