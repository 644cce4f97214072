import { type Chart, stackedSum, valueText } from "./chart.ts";

/** What a chart is drawn with, in points from the top left. Text is placed by its baseline. */
export type Shape =
  | { kind: "bar"; x: number; y: number; width: number; height: number; series: number }
  | { kind: "rule"; x1: number; y1: number; x2: number; y2: number }
  | { kind: "line"; points: [number, number][]; series: number }
  | { kind: "point"; x: number; y: number; series: number }
  | {
    kind: "text";
    x: number;
    y: number;
    text: string;
    size: number;
    anchor: "start" | "middle" | "end";
    tone: "strong" | "soft";
  };

/** A chart that is laid out. */
export interface Layout {
  width: number;
  height: number;
  shapes: Shape[];
}

const width = 720;
const top = 56;
const legendHeight = 22;
const barHeight = 18;
const barGap = 10;
const labelWidth = 170;
const valueWidth = 90;
const lineHeight = 220;
const axisWidth = 64;

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

/** A horizontal bar for each category with its value at the end; a funnel's bars are centred. */
function bars(chart: Chart, from: number): Layout {
  const space = width - labelWidth - valueWidth;
  const largest = Math.max(...chart.categories.map((_, at) => stackedSum(chart, at)), 0) || 1;
  const shapes = chart.categories.flatMap((category, at): Shape[] => {
    const y = from + at * (barHeight + barGap);
    const sum = stackedSum(chart, at);
    let x = labelWidth + (chart.kind === "funnel" ? space * (1 - sum / largest) / 2 : 0);
    const parts = chart.series.map(({ values }, series): Shape => {
      const length = space * Math.max(0, values[at] ?? 0) / largest;
      const bar: Shape = { kind: "bar", x, y, width: length, height: barHeight, series };
      x += length;
      return bar;
    });
    const value = chart.series.length === 1 ? chart.series[0]?.values[at] ?? null : sum;
    const first = chart.series[0]?.values[0] ?? 0;
    const share = chart.kind === "funnel" && first > 0
      ? ` · ${Math.round(100 * sum / first)} %`
      : "";
    const partial = chart.partial?.includes(category) ? " *" : "";
    const text = { kind: "text", y: y + 13, size: 12 } as const;
    return [
      {
        ...text,
        x: labelWidth - 10,
        text: fitted(category + partial, 12, labelWidth - 10),
        anchor: "end",
        tone: "strong",
      },
      ...parts,
      {
        ...text,
        x: chart.kind === "funnel" ? width : x + 8,
        text: valueText(value, chart.unit) + share,
        anchor: chart.kind === "funnel" ? "end" : "start",
        tone: "soft",
      },
    ];
  });
  return { width, height: from + chart.categories.length * (barHeight + barGap), shapes };
}

/** Round values from 0 to at least the largest, at most six of them. */
function ticks(largest: number, whole: boolean): number[] {
  const raw = (largest || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 2.5, 5, 10].find((step) => step * power >= raw) ?? 10;
  const step = whole ? Math.max(1, Math.ceil(factor * power)) : factor * power;
  const count = Math.ceil(largest / step - 1e-9) || 1;
  return Array.from({ length: count + 1 }, (_, at) => at * step);
}

/** The runs of values without a gap, as indexes. */
function unbroken(values: readonly (number | null)[]): number[][] {
  const runs: number[][] = [[]];
  values.forEach((value, at) => {
    if (value === null) runs.push([]);
    else runs.at(-1)?.push(at);
  });
  return runs.filter((run) => run.length > 0);
}

function line(chart: Chart, from: number): Layout {
  const values = chart.series.flatMap(({ values }) => values).filter((value) => value !== null);
  const whole = values.every(Number.isInteger);
  const scale = ticks(Math.max(...values, 0), whole);
  const most = scale.at(-1) || 1;
  const right = width - 34;
  const x = (at: number) =>
    chart.categories.length < 2
      ? (axisWidth + right) / 2
      : axisWidth + (right - axisWidth) * at / (chart.categories.length - 1);
  const y = (value: number) => from + lineHeight * (1 - Math.max(0, value) / most);
  const axis = scale.flatMap((value): Shape[] => [
    { kind: "rule", x1: axisWidth, y1: y(value), x2: right, y2: y(value) },
    {
      kind: "text",
      x: axisWidth - 8,
      y: y(value) + 4,
      text: valueText(value, chart.unit),
      size: 11,
      anchor: "end",
      tone: "soft",
    },
  ]);
  const every = Math.ceil(chart.categories.length / 7);
  const names = chart.categories.flatMap((category, at): Shape[] =>
    at % every > 0 ? [] : [{
      kind: "text",
      x: x(at),
      y: from + lineHeight + 18,
      text: category + (chart.partial?.includes(category) ? " *" : ""),
      size: 11,
      anchor: "middle",
      tone: "soft",
    }]
  );
  const lines = chart.series.flatMap(({ values }, series): Shape[] =>
    unbroken(values).flatMap((run): Shape[] => {
      const points = run.map((at): [number, number] => [x(at), y(values[at] ?? 0)]);
      const marks = values.length > 62 && points.length > 1 ? [] : points;
      return [
        { kind: "line", points, series },
        ...marks.map(([px, py]): Shape => ({ kind: "point", x: px, y: py, series })),
      ];
    })
  );
  return { width, height: from + lineHeight + 30, shapes: [...axis, ...names, ...lines] };
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
