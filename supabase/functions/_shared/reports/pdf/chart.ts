import { layOut } from "../../charts/layout.ts";
import type { Shape } from "../../charts/shapes.ts";
import type { Chart } from "../../charts/chart.ts";
import type { PdfDocument } from "./document.ts";

const colours = ["#2563a8", "#b4500b", "#2e7d4f", "#8a3ea0", "#8a6d00", "#5b6573"];
const dashes = [0, 7, 2, 10, 4, 1];
const tones = { strong: "#1b2430", soft: "#566172" };
const patternStep = 4;

/** Lines over a bar, in a direction of its own for each series, so that series differ without their colours. */
function pattern(
  { pdf }: PdfDocument,
  series: number,
  bar: { x: number; y: number; w: number; h: number },
) {
  if (series === 0 || bar.w < 1) return;
  const { x, y, w, h } = bar;
  pdf.save().rect(x, y, w, h).clip().strokeColor("#ffffff").lineWidth(0.7);
  const lean = [0, h, 0, -h, h / 2, 0][series] ?? h;
  for (let at = -h; at < w + h; at += patternStep + series) {
    pdf.moveTo(x + at, y + h).lineTo(x + at + lean, y).stroke();
  }
  pdf.restore();
}

function draw(document: PdfDocument, shape: Shape, x: number, y: number, scale: number) {
  const { pdf } = document;
  const px = (value: number) => x + value * scale;
  const py = (value: number) => y + value * scale;
  switch (shape.kind) {
    case "bar": {
      const bar = {
        x: px(shape.x),
        y: py(shape.y),
        w: shape.width * scale,
        h: shape.height * scale,
      };
      pdf.rect(bar.x, bar.y, bar.w, bar.h).fill(colours[shape.series]);
      return pattern(document, shape.series, bar);
    }
    case "rule":
      pdf.strokeColor("#d5dae1").lineWidth(0.5).moveTo(px(shape.x1), py(shape.y1))
        .lineTo(px(shape.x2), py(shape.y2)).stroke();
      return;
    case "line": {
      const dash = dashes[shape.series] ?? 0;
      pdf.strokeColor(colours[shape.series] ?? "").lineWidth(1.4);
      if (dash > 0) pdf.dash(dash, { space: 3 });
      shape.points.forEach(([at, value], index) =>
        index === 0 ? pdf.moveTo(px(at), py(value)) : pdf.lineTo(px(at), py(value))
      );
      pdf.stroke().undash();
      return;
    }
    case "point":
      pdf.circle(px(shape.x), py(shape.y), 2 * scale).fill(colours[shape.series]);
      return;
    case "text": {
      const style = { size: shape.size * scale, color: tones[shape.tone] };
      const space = 2_000;
      const left = { start: 0, middle: -space / 2, end: -space }[shape.anchor];
      const align = ({ start: "start", middle: "center", end: "end" } as const)[shape.anchor];
      const place = { x: px(shape.x) + left, y: py(shape.y) - shape.size * scale, width: space };
      if (align !== "start") return document.write([{ ...place, text: shape.text, align }], style);
      const width = document.measure(shape.text, style);
      return document.write([{ ...place, text: shape.text, width }], style);
    }
  }
}

/** Draws a chart over the width of the page. Answers where it ends. */
export function drawChart(document: PdfDocument, chart: Chart, from: number): number {
  const { width, height, shapes } = layOut(chart);
  const scale = Math.min(document.width / width, 1, (document.bottom - document.margin) / height);
  let y = from;
  if (y + height * scale > document.bottom) {
    y = document.nextPage();
  }
  for (const shape of shapes) draw(document, shape, document.margin, y, scale);
  return y + height * scale;
}
