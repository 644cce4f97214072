import { type Chart, extent, stackedSum, valueText } from "./chart.ts";
import { line } from "./line_layout.ts";
import { type Layout, type Shape, textWidth, width } from "./shapes.ts";

const top = 56;
const legendHeight = 22;
const barHeight = 18;
const barGap = 10;
const labelWidth = 170;
const leastValueWidth = 90;

/** Text that fits this width, by the usual width of letters; cut texts end with an ellipsis. */
function fitted(text: string, size: number, space: number): string {
  const letters = Math.max(1, Math.floor(space / (size * 0.56)));
  const all = [...text];
  return all.length <= letters ? text : `${all.slice(0, letters - 1).join("")}…`;
}

function header(chart: Chart): Shape[] {
  const line = (y: number, text: string, size: number, tone: "strong" | "soft"): Shape => ({
    kind: "text",
    x: 0,
    y,
    text: fitted(text, size, width),
    size,
    anchor: "start",
    tone,
  });
  return [line(18, chart.title, 16, "strong"), line(38, chart.subtitle, 11, "soft")];
}

/** The names of the series beside their marks, where there are several. */
function legend(chart: Chart, y: number): Shape[] {
  if (chart.series.length < 2) return [];
  const space = width / chart.series.length;
  return chart.series.flatMap(({ label }, series): Shape[] => [
    chart.kind === "line"
      ? {
        kind: "line",
        points: [[series * space, y - 4], [series * space + 14, y - 4]],
        series,
      }
      : { kind: "bar", x: series * space, y: y - 9, width: 12, height: 10, series },
    {
      kind: "text",
      x: series * space + 18,
      y,
      text: fitted(label, 11, space - 26),
      size: 11,
      anchor: "start",
      tone: "soft",
    },
  ]);
}

/** The bars of a category, from zero to the right, and those below zero to the left. Answers where they end. */
function barsOf(chart: Chart, at: number, place: { zero: number; y: number; scale: number }) {
  let { zero: right, zero: left } = place;
  const shapes = chart.series.map(({ values }, series): Shape => {
    const value = values[at] ?? 0;
    const length = Math.abs(value) * place.scale;
    if (value < 0) left -= length;
    const x = value < 0 ? left : right;
    if (value > 0) right += length;
    return { kind: "bar", x, y: place.y, width: length, height: barHeight, series };
  });
  return { shapes, right };
}

/** A horizontal bar for each category with its value at the end; a funnel's bars are centred. */
function bars(chart: Chart, from: number): Layout {
  const first = chart.series[0]?.values[0] ?? 0;
  const texts = chart.categories.map((_, at) => {
    const sum = stackedSum(chart, at);
    const share = chart.kind === "funnel" && first > 0
      ? ` · ${Math.round(100 * (sum ?? 0) / first)} %`
      : "";
    return valueText(sum, chart.unit) + share;
  });
  const widest = Math.max(0, ...texts.map((text) => textWidth(text, 12)));
  const space = width - labelWidth - Math.max(leastValueWidth, widest + 12);
  const extents = chart.categories.map((_, at) => extent(chart, at));
  const largest = Math.max(...extents.map(({ above }) => above), 0);
  const smallest = Math.min(...extents.map(({ below }) => below), 0);
  const scale = space / (largest - smallest || 1);
  const zero = labelWidth - smallest * scale;
  const height = from + chart.categories.length * (barHeight + barGap);
  const axis: Shape[] = smallest < 0
    ? [{ kind: "rule", x1: zero, y1: from - barGap / 2, x2: zero, y2: height - barGap / 2 }]
    : [];
  const shapes = chart.categories.flatMap((category, at): Shape[] => {
    const y = from + at * (barHeight + barGap);
    const sum = stackedSum(chart, at);
    const centred = chart.kind === "funnel" ? (space - (sum ?? 0) * scale) / 2 : 0;
    const drawn = barsOf(chart, at, { zero: zero + centred, y, scale });
    const partial = chart.partial?.includes(category) ? " *" : "";
    const text = { kind: "text", y: y + 13, size: 12 } as const;
    return [
      {
        ...text,
        x: labelWidth - 10,
        text: fitted(category, 12, labelWidth - 10 - textWidth(partial, 12)) + partial,
        anchor: "end",
        tone: "strong",
      },
      ...drawn.shapes,
      {
        ...text,
        x: chart.kind === "funnel" ? width : drawn.right + 8,
        text: texts[at] ?? "",
        anchor: chart.kind === "funnel" ? "end" : "start",
        tone: "soft",
      },
    ];
  });
  return { width, height, shapes: [...axis, ...shapes] };
}

/** Lays a chart out, with title, legend and, where some categories are incomplete, a note. */
export function layOut(chart: Chart): Layout {
  const hasLegend = chart.series.length > 1;
  const from = top + (hasLegend ? legendHeight : 0);
  const body = chart.kind === "line" ? line(chart, from) : bars(chart, from);
  const noted = chart.categories.some((category) => chart.partial?.includes(category));
  const note: Shape[] = noted
    ? [{
      kind: "text",
      x: 0,
      y: body.height + 12,
      text: "* incomplete",
      size: 11,
      anchor: "start",
      tone: "soft",
    }]
    : [];
  return {
    width,
    height: body.height + (noted ? 20 : 0),
    shapes: [...header(chart), ...legend(chart, top + 6), ...body.shapes, ...note],
  };
}
