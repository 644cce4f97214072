import assert from "node:assert/strict";
import { type Chart, chartText } from "../../supabase/functions/_shared/charts/chart.ts";
import { layOut } from "../../supabase/functions/_shared/charts/layout.ts";
import { chartSvg } from "../../supabase/functions/_shared/charts/svg.ts";
import { type ChartSource, reportChart } from "../../supabase/functions/_shared/reports/chart.ts";

const column = (id: string, role: "group" | "value", more = {}) => ({
  id,
  label: id,
  type: role === "group" ? "text" as const : "integer" as const,
  role,
  ...(role === "value" ? { additive: true } : {}),
  ...more,
});

function source(columns: ChartSource["columns"], rows: unknown[][]): ChartSource {
  return {
    name: "Report",
    columns,
    rows,
    row_count: rows.length,
    period: null,
    time_zone: "Africa/Accra",
    partial: [],
  };
}

Deno.test("One group gives bars of the first figure, what is empty is named", () => {
  const chart = reportChart(source([column("source", "group"), column("count", "value")], [
    ["fair", 3],
    [null, 2],
  ]));
  assert.deepEqual([chart?.kind, chart?.categories], ["bars", ["fair", "(none)"]]);
  assert.deepEqual(chart?.series, [{ label: "count", values: [3, 2] }]);
});

Deno.test("Groups by time give a line; a second group is stacked, and beyond six the rest are together", () => {
  const rows = ["2026-10", "2026-11"].flatMap((month) =>
    Array.from({ length: 9 }, (_, n) => [month, `source ${n}`, n + 1])
  );
  const columns = [
    column("created", "group", { bucket: "month" }),
    column("source", "group"),
    column("count", "value"),
  ];
  const chart = reportChart(source(columns, rows));
  assert.equal(chart?.kind, "line");
  assert.deepEqual(chart?.series.at(-1), { label: "4 others", values: [10, 10] });
  assert.equal(chart?.series.length, 6);
});

Deno.test("Rates have no sum: their groups stand side by side", () => {
  const columns = [
    column("source", "group"),
    column("stage", "group"),
    column("leads.conversion_rate", "value", { type: "ratio", additive: false }),
  ];
  const chart = reportChart(source(columns, [["fair", "new", 0.5], ["fair", "won", null]]));
  assert.deepEqual(chart?.categories, ["fair / new", "fair / won"]);
  assert.equal(chartText(chart ?? assert.fail()), "fair / new: 50.0 %; fair / won: –");
});

Deno.test("Averages and amounts in several currencies are not stacked", () => {
  for (const id of ["avg(leads.value)", "sum(customers.arrears)"]) {
    const columns = [
      column("status", "group"),
      column("currency", "group"),
      column(id, "value", { type: "money", additive: false }),
    ];
    const chart = reportChart(source(columns, [["new", "GHS", "10.00"], ["new", "USD", "2.00"]]));
    assert.deepEqual(chart?.categories, ["new / GHS", "new / USD"]);
    assert.deepEqual(chart?.series, [{ label: id, values: [10, 2] }]);
  }
});

const months = (count: number) =>
  Array.from(
    { length: count },
    (_, n) => `${2000 + Math.floor(n / 12)}-${String(n % 12 + 1).padStart(2, "0")}`,
  );

Deno.test("A line is in the order of time, however the report is sorted; what has no date is left out", () => {
  const columns = [column("closed", "group", { bucket: "month" }), column("count", "value")];
  const chart = reportChart(
    source(columns, [["2026-11", 9], [null, 5], ["2026-09", 7], ["2026-10", 8]]),
  );
  assert.deepEqual(chart?.categories, ["2026-09", "2026-10", "2026-11"]);
  assert.deepEqual(chart?.series, [{ label: "count", values: [7, 8, 9] }]);
  assert.match(chart?.subtitle ?? "", /without what has no date$/);
  assert.equal(chart?.isCut, false);
});

Deno.test("Averages over time and another group are bars, the newest last", () => {
  const columns = [
    column("created", "group", { bucket: "month" }),
    column("source", "group"),
    column("avg(leads.value)", "value", { additive: false }),
  ];
  const chart = reportChart(source(columns, months(30).map((month, at) => [month, "fair", at])));
  assert.equal(chart?.kind, "bars");
  assert.deepEqual([chart?.categories[0], chart?.categories.at(-1)], [
    "2000-07 / fair",
    "2002-06 / fair",
  ]);
  assert.deepEqual(chart?.series[0]?.values.at(-1), 29);
  assert.match(chart?.subtitle ?? "", /the last 24 groups$/);
});

Deno.test("Values below zero are drawn below zero, and nothing is drawn as nothing", () => {
  const columns = [column("source", "group"), column("count.change", "value")];
  const bars = reportChart(source(columns, [["fair", -5], ["web", 15], ["call", null]])) ??
    assert.fail();
  assert.equal(chartText(bars), "fair: -5; web: 15; call: –");
  const { shapes } = layOut(bars);
  const drawn = shapes.filter((shape) => shape.kind === "bar");
  const [below, above, none] = drawn;
  assert(below && above && none);
  assert.equal(Math.round(below.x + below.width), Math.round(above.x));
  assert.equal(Math.round(3 * below.width), Math.round(above.width));
  assert.equal(none.width, 0);
  assert.deepEqual(
    shapes.flatMap((shape) => shape.kind === "text" && shape.tone === "soft" ? [shape.text] : [])
      .slice(1),
    ["-5", "15", "–"],
  );
  const time = [column("created", "group", { bucket: "month" }), column("count.change", "value")];
  const line = reportChart(
    source(time, [["2026-08", -10], ["2026-09", null], ["2026-10", 0], ["2026-11", 10]]),
  ) ?? assert.fail();
  const lines = layOut(line).shapes.filter((shape) => shape.kind === "line");
  assert.deepEqual(lines.map(({ points }) => points.length), [1, 2]);
  const heights = lines.flatMap(({ points }) => points.map(([, y]) => y));
  const [low = 0, zero = 0, high = 0] = heights;
  assert(low > zero && zero > high, String(heights));
});

Deno.test("Series without a value stay without one, together with others too", () => {
  const columns = [
    column("source", "group"),
    column("stage", "group"),
    column("sum(leads.value)", "value"),
  ];
  const rows = Array.from({ length: 8 }, (_, n) => ["fair", `stage ${n}`, null]);
  const chart = reportChart(source(columns, rows)) ?? assert.fail();
  assert.deepEqual(chart.series.at(-1)?.values, [null]);
  assert(layOut(chart).shapes.some((shape) => shape.kind === "text" && shape.text === "–"));
});

Deno.test("Single rows, or figures without groups, have no chart", () => {
  assert.equal(reportChart(source([column("count", "value")], [[3]])), null);
});

Deno.test("The words of a long line are of its newest values, those of bars of the first", () => {
  const chart = {
    kind: "line" as const,
    title: "Leads",
    subtitle: "",
    categories: months(60),
    series: [{ label: "Leads", values: months(60).map((_, at) => at) }],
    unit: "number" as const,
  };
  const time = chartText({ ...chart, isTime: true });
  assert.match(time, /^10 earlier, left out; 2000-11: 10; .*2004-12: 59$/);
  const bars = chartText({ ...chart, kind: "bars" });
  assert.match(bars, /^2000-01: 0; .*2004-02: 49; and 10 more$/);
});

/** Texts of a chart that leave the picture or cover a bar, by the width that digits have in DejaVu Sans. */
function misplaced(chart: Chart): string[] {
  const { shapes, width } = layOut(chart);
  const bars = shapes.filter((shape) => shape.kind === "bar");
  return shapes.flatMap((shape) => {
    if (shape.kind !== "text") return [];
    const wide = [...shape.text].length * shape.size * 0.62;
    const left = shape.x - { start: 0, middle: wide / 2, end: wide }[shape.anchor];
    const covers = bars.some((bar) =>
      bar.width > 0 && bar.y < shape.y && bar.y + bar.height > shape.y &&
      left + wide > bar.x && left < bar.x + bar.width
    );
    return left < -16 || left + wide > width + 16 || covers ? [shape.text] : [];
  });
}

Deno.test("Large values have room beside their bars and lines", () => {
  const chart = { title: "Sales", subtitle: "All", unit: "number" as const };
  const values = [4_321_987_654_321.25, 98_765_432.1, -1_234_567_890.5];
  const categories = ["2026-09", "2026-10", "2026-11"];
  for (const kind of ["bars", "line"] as const) {
    const drawn = { ...chart, kind, categories, series: [{ label: "Value", values }] };
    assert.deepEqual(misplaced(drawn), [], kind);
  }
  const steps = [12_345_678, 12_000_000, 9_999_999];
  const funnel = {
    kind: "funnel" as const,
    categories,
    series: [{ label: "Leads", values: steps }],
  };
  assert.deepEqual(misplaced({ ...chart, ...funnel }), []);
});

Deno.test("The newest time of a line is named, and that it is incomplete", () => {
  for (let count = 1; count <= 30; count++) {
    const categories = months(count);
    const last = categories.at(-1) ?? "";
    const { shapes } = layOut({
      kind: "line",
      title: "Leads",
      subtitle: "",
      categories,
      series: [{ label: "Leads", values: categories.map(() => 1) }],
      partial: [last],
      unit: "number",
    });
    const named = shapes.flatMap((shape) => shape.kind === "text" ? [shape.text] : []);
    assert(named.includes(`${last} *`), `${count}: ${named}`);
    assert(named.filter((text) => /^\d{4}-\d\d/.test(text)).length <= 7);
  }
});

Deno.test("A category with a long name still says that it is incomplete", () => {
  const name = "A source with a very long name that does not fit";
  const { shapes } = layOut({
    kind: "bars",
    title: "Leads",
    subtitle: "",
    categories: [name],
    series: [{ label: "Leads", values: [1] }],
    partial: [name],
    unit: "number",
  });
  assert(shapes.some((shape) => shape.kind === "text" && shape.text.endsWith("… *")));
});

Deno.test("Whatever a name holds, the picture is well-formed and runs nothing", () => {
  const evil = '</text><script>alert(1)</script>&"\u0000\ud800';
  const chart = reportChart(source([column("source", "group"), column("count", "value")], [
    [evil, 3],
    ["x".repeat(500), 1],
  ]));
  const svg = chartSvg({ ...(chart ?? assert.fail()), title: evil }, "auto");
  assert(!svg.includes("<script"));
  assert(!svg.includes("\u0000"));
  assert(svg.isWellFormed());
});

Deno.test("A chart without categories, or with zeros alone, is drawn too", () => {
  for (const kind of ["bars", "line", "funnel"] as const) {
    for (const values of [[], [0], [0, null, 0]]) {
      const categories = values.map((_, at) => `c${at}`);
      const svg = chartSvg({
        kind,
        title: "T",
        subtitle: "S",
        categories,
        series: [{ label: "L", values }],
        unit: "number",
      }, "light");
      assert(!/NaN|Infinity/.test(svg), `${kind} ${values}: ${svg}`);
    }
  }
});
