import assert from "node:assert/strict";
import { chartText } from "../../supabase/functions/_shared/charts/chart.ts";
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

Deno.test("Single rows, or figures without groups, have no chart", () => {
  assert.equal(reportChart(source([column("count", "value")], [[3]])), null);
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
