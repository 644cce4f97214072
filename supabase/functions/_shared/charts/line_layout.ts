import { type Chart, valueText } from "./chart.ts";
import { type Layout, type Shape, textWidth, width } from "./shapes.ts";

const lineHeight = 220;
const leastAxisWidth = 64;

/** Round values from at most the smallest to at least the largest, 0 among them, at most eight of them. */
function ticks(smallest: number, largest: number, whole: boolean): number[] {
  const raw = (largest - smallest || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 2.5, 5, 10].find((step) => step * power >= raw) ?? 10;
  const step = whole ? Math.max(1, Math.ceil(factor * power)) : factor * power;
  const first = Math.floor(smallest / step + 1e-9);
  const last = Math.ceil(largest / step - 1e-9);
  const count = Math.max(1, last - first);
  return Array.from({ length: count + 1 }, (_, at) => (first + at) * step);
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

/** Values over time, from this height on. */
export function line(chart: Chart, from: number): Layout {
  const values = chart.series.flatMap(({ values }) => values).filter((value) => value !== null);
  const whole = values.every(Number.isInteger);
  const scale = ticks(Math.min(...values, 0), Math.max(...values, 0), whole);
  const least = scale[0] ?? 0;
  const most = scale.at(-1) ?? 1;
  const widest = Math.max(...scale.map((value) => textWidth(valueText(value, chart.unit), 11)));
  const axisWidth = Math.max(leastAxisWidth, widest + 8);
  const right = width - 34;
  const x = (at: number) =>
    chart.categories.length < 2
      ? (axisWidth + right) / 2
      : axisWidth + (right - axisWidth) * at / (chart.categories.length - 1);
  const y = (value: number) => from + lineHeight * (1 - (value - least) / (most - least));
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
    (chart.categories.length - 1 - at) % every > 0 ? [] : [{
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
