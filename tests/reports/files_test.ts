import assert from "node:assert/strict";
import * as XLSX from "@e965/xlsx";
import { database } from "../support/db.ts";
import { dice } from "../support/dice.ts";
import { newOrganization } from "../support/people.ts";
import { newReportOffice } from "../support/report_office.ts";
import { assertFiles, csvText, readSheet } from "../support/report_files.ts";
import { build, exported } from "../support/reports.ts";

Deno.test("A list is the same on the screen, in CSV and in a workbook, with typed cells", async () => {
  const office = await newReportOffice(dice(3), { zone: "America/New_York", leads: 40 });
  const body = await build(office.admin, {
    fields: [
      "leads.full_name",
      "leads.stage",
      "leads.value",
      "leads.created_at",
      "leads.closed_at",
      "leads.tags",
      "leads.is_open",
      "leads.custom.score",
      "leads.custom.started",
      "leads.custom.sponsored",
      "leads.custom.areas",
      "leads.custom.remark",
    ],
    sorting: ["-leads.value"],
    aggregations: [{ function: "sum", field: "leads.value" }],
  });
  const [csv, xlsx] = [
    await exported(office.admin, body.report_id, "csv"),
    await exported(office.admin, body.report_id, "xlsx"),
  ];
  assert.deepEqual([csv.run.status, xlsx.run.status], ["ready", "ready"]);
  assertFiles(body, csv.bytes, xlsx.bytes);
  assert.deepEqual(xlsx.run.totals, body.totals);
  const sheet = readSheet(xlsx.bytes, "Report");
  assert.equal(sheet[0]?.[3]?.v, "Created (America/New_York)");
  const total = sheet.at(-1);
  assert.deepEqual([total?.[0]?.v, Number(total?.[2]?.v).toFixed(2)], [
    "Total",
    body.totals["sum(leads.value)"],
  ]);
  assert.deepEqual([sheet[1]?.[2]?.t, sheet[1]?.[3]?.t, sheet[1]?.[6]?.t], ["n", "n", "b"]);
});

Deno.test("A grouped report has its subtotals and its total in the workbook, and rows alone in CSV", async () => {
  const office = await newReportOffice(dice(4), { leads: 50 });
  const body = await build(office.admin, {
    grouping: ["leads.assignee", "leads.stage", "leads.custom.program"],
    aggregations: [
      { function: "count", show: ["share_of_group"] },
      { function: "sum", field: "leads.value" },
      { function: "median", field: "leads.custom.score" },
    ],
    sorting: ["-count"],
  });
  const [csv, xlsx] = [
    await exported(office.admin, body.report_id, "csv"),
    await exported(office.admin, body.report_id, "xlsx"),
  ];
  assertFiles(body, csv.bytes, xlsx.bytes);
  const total = readSheet(xlsx.bytes, "Report").at(-1);
  assert.deepEqual([total?.[0]?.v, total?.[3]?.v], ["Total", body.totals["count"]]);
});

Deno.test("The sheet about the run says what was asked, by whom, over which time, and the totals", async () => {
  const office = await newReportOffice(dice(5), { zone: "Asia/Kathmandu", leads: 20 });
  const body = await build(office.manager, {
    name: "Monday's leads",
    grouping: [{ field: "leads.created_at", bucket: "week" }],
    aggregations: [{ function: "count" }, { function: "sum", field: "leads.value" }],
    filters: [{
      any: [{ field: "leads.source", operator: "in", value: ["fair", "website"] }, {
        field: "leads.assigned_to",
        operator: "eq",
        value: "me",
      }, { field: "leads.assigned_to", operator: "in", value: [office.counselor.userId] }],
    }],
    sorting: ["-leads.created_at.week"],
    period: { name: "last_90_days" },
  });
  const { bytes } = await exported(office.manager, body.report_id, "xlsx");
  const lines = new Map(readSheet(bytes, "About").map(([label, value]) => [label?.v, value]));
  assert.equal(lines.get("Report")?.v, "Monday's leads");
  assert.equal(lines.get("As seen by")?.v, "Mensah Manager");
  assert.equal(lines.get("Time zone")?.v, "Asia/Kathmandu");
  assert.equal(lines.get("Period")?.v, "last 90 days");
  assert.match(String(lines.get("From")?.v), /^\d{4}-\d\d-\d\d 00:00 Asia\/Kathmandu$/);
  assert.equal(
    lines.get("Filters")?.v,
    "(Source in fair, website or Assignee id eq me or Assignee id in comfort Counselor)",
  );
  assert.deepEqual(
    ["Source", "Period of", "Grouped by", "Sorted by"].map((label) => lines.get(label)?.v),
    ["Leads", "Created", "Created (week)", "Created (descending)"],
  );
  assert.equal(lines.get("Complete")?.v, "Yes");
  assert.deepEqual([lines.get("Total: Leads")?.t, lines.get("Total: Leads")?.v], [
    "n",
    body.totals["count"],
  ]);
  assert.equal(lines.get("Total: Value (sum) (GHS)")?.t, "n");
});

Deno.test("No file holds a formula, and every letter comes through", async () => {
  const organization = await newOrganization({ settings: { currency: "GHS" } });
  const names = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "Ɖela Ŋkɔ",
    "محمد عبد الله",
    'a "quoted", name',
  ];
  for (const name of names) {
    await database()`insert into public.leads (organization_id, first_name, currency, source) values (${organization.id}, ${name.trim()}, 'GHS', 'web')`;
  }
  await database()`insert into public.lead_fields (organization_id, key, label, type, position)
    values (${organization.id}, 'note', '=1+1', 'text', 1)`;
  const body = await build(organization.admin, {
    name: "=HYPERLINK(1)",
    fields: ["leads.first_name", "leads.custom.note"],
  });
  const csv = csvText((await exported(organization.admin, body.report_id, "csv")).bytes);
  assert(csv.startsWith("\uFEFFFirst name,'=1+1\r\n"), csv);
  for (const line of csv.slice(1).split("\r\n")) assert.doesNotMatch(line, /(^|,)"?[=+\-@\t]/);
  assert(csv.includes("Ɖela Ŋkɔ") && csv.includes("محمد عبد الله"));
  const { bytes } = await exported(organization.admin, body.report_id, "xlsx");
  const workbook = XLSX.read(bytes, { type: "array", cellFormula: true });
  const cells = workbook.SheetNames.flatMap((name) => Object.entries(workbook.Sheets[name] ?? {}))
    .filter(([address]) => !address.startsWith("!")).map(([, cell]) => cell as XLSX.CellObject);
  assert(cells.every(({ f }) => f === undefined), "no cell has a formula");
  for (const name of names) assert(cells.some(({ v }) => v === name.trim()), name);
});

Deno.test("A report without records is an empty file with its headings, and says so", async () => {
  const { admin } = await newOrganization();
  const { report_id } = await build(admin, { fields: ["leads.full_name", "leads.source"] });
  const { run, bytes } = await exported(admin, report_id, "csv");
  assert.deepEqual([run.status, run.records, csvText(bytes)], [
    "empty",
    0,
    "\uFEFFName,Source\r\n",
  ]);
  const workbook = await exported(admin, report_id, "xlsx");
  assert.equal(readSheet(workbook.bytes, "Report").length, 1);
});
