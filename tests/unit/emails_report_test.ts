import assert from "node:assert/strict";
import { renderMail } from "../../supabase/functions/_shared/mail/template.ts";

const organization = {
  name: "Ɔkwan School",
  locale: "en",
  country: "GH",
  time_zone: "Africa/Accra",
};

const run = {
  report_id: "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11",
  run_id: "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b12",
  report_name: "Leads by source",
  owner_name: "Esi Mensah",
  time_zone: "Africa/Accra",
  period: {
    field: "leads.created_at",
    name: "previous_week",
    from: "2026-11-23T00:00:00Z",
    to: "2026-11-30T00:00:00Z",
    previous_from: "2026-11-16T00:00:00Z",
    previous_to: "2026-11-23T00:00:00Z",
    running: false,
  },
  row_count: 2,
  truncated: false,
  partial: [],
  empty: false,
  columns: [
    { id: "leads.source", label: "Source", type: "text", role: "group" },
    { id: "count", label: "Records", type: "integer", role: "value" },
    {
      id: "leads.value.sum",
      label: "Value",
      type: "money",
      role: "value",
      scale: 2,
      currency: "GHS",
    },
  ],
  totals: [null, 9, "1234.50"],
  chart_rows: [["fair <b>", 6, "1000.00"], ["website", 3, "234.50"]],
};

const render = (kind: string, data: Record<string, unknown>) =>
  renderMail(
    { kind, name: "Ama", data, organization },
    "https://app.example",
    "https://api.example",
  );

Deno.test("The mail of a scheduled report has its figures, chart, period, zone, owner and link", () => {
  const { text, html, subject } = render("report_ready", run);
  assert.equal(subject, "Report ready: Leads by source");
  for (
    const said of [
      "Period: 23–29 Nov 2026",
      "Time zone: Africa/Accra",
      "As seen by: Esi Mensah",
      "Rows: 2",
      "Records: 9",
      "Value: 1,234.50 GHS",
      "website: 3\n████████████",
      `https://app.example/reports/runs/${run.run_id}`,
    ]
  ) assert(text.includes(said), `${said} is in\n${text}`);
  assert(!html.includes("<b>"), html);
  assert.match(html, /fair &lt;b&gt;/);
});

Deno.test("Somebody without an account gets the link with their token, and no link to the frontend", () => {
  const token = "a".repeat(64);
  const { text } = render("report_shared", { ...run, token });
  assert(text.includes(`https://api.example/functions/v1/reports/shared?token=${token}`), text);
  assert(text.includes("Esi Mensah shares the report"), text);
  assert(!text.includes("app.example"), text);
});

Deno.test("An empty and a truncated run are said in words, in French too", () => {
  assert.match(render("report_ready", { ...run, empty: true }).text, /No records were found/);
  assert.match(render("report_ready", { ...run, truncated: true }).text, /more rows than a file/);
  const french = renderMail({
    kind: "report_ready",
    name: "Ama",
    data: { ...run, empty: true },
    organization: { ...organization, locale: "fr" },
  }, undefined);
  assert.match(french.text, /Aucun enregistrement/);
});

Deno.test("A mail shows the newest times as they are, says what it leaves out, and sums nothing that has no sum", () => {
  const days = Array.from({ length: 14 }, (_, n) => `2026-11-${String(n + 10)}`);
  const over = (more: Record<string, unknown>, rows: unknown[][]) => ({
    ...run,
    row_count: rows.length,
    columns: [
      { id: "day", label: "Day", type: "date", role: "group", bucket: "day" },
      { id: "figure", label: "Figure", type: "number", role: "value", additive: true, ...more },
    ],
    totals: [null, 9],
    chart_rows: rows,
  });
  const rows = days.map((day, n) => [day, n === 12 ? -4 : n === 13 ? null : n]).reverse();
  const { text, html } = render("report_ready", over({}, rows));
  for (const said of ["2026-11-22: -4\n░░░░░░░░░", "2026-11-23: –", "the newest 12 groups only"]) {
    assert(text.includes(said), `${said} is in\n${text}`);
  }
  assert(!text.includes("2026-11-11:"), text);
  assert(text.indexOf("2026-11-12:") < text.indexOf("2026-11-22:"), text);
  assert(!/width:-/.test(html), html);
  assert(!render("report_ready", run).text.includes("groups only"));
  const two = over({ additive: false }, [["2026-11-10", "a", 4], ["2026-11-10", "b", 6]]);
  two.columns.splice(1, 0, { id: "s", label: "S", type: "text", role: "group" } as never);
  const averages = render("report_ready", { ...two, totals: [null, null, 5] }).text;
  assert(averages.includes("2026-11-10 / a: 4"), averages);
  assert(!averages.includes(": 10"), averages);
});

Deno.test("A report that a person asked for says no more than that it is ready", () => {
  const { text } = render("report_ready", { report_name: "Leads", report_id: run.report_id });
  assert.match(text, /Your report “Leads” is ready/);
  assert(!text.includes("Rows:"));
});
