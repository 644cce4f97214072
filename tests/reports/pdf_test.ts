import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { newOrganization } from "../support/people.ts";
import { call, expectStatus } from "../support/http.ts";
import { build, exported, type RunBody } from "../support/reports.ts";

const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

/** The number of pages, as the page tree says. */
const pages = (bytes: Uint8Array) =>
  Number(/\/Type \/Pages\s+\/Count (\d+)/.exec(text(bytes))?.[1]);

async function withLeads(leads: number) {
  const organization = await newOrganization({ name: "Ɔkwan School" });
  await database()`insert into public.leads (organization_id, first_name, last_name, source)
    select ${organization.id}, (array['Ɖela', 'محمد', 'Ama'])[1 + n % 3], 'Nr ' || n, (array['fair', 'website'])[1 + n % 2]
    from generate_series(1, ${leads}::int) n`;
  return organization;
}

Deno.test("A report is a PDF with its fonts in it and as many pages as its rows need", async () => {
  const { admin } = await withLeads(120);
  const { report_id } = await build(admin, {
    name: "Leads — تقرير",
    fields: ["leads.full_name", "leads.source", "leads.created_at"],
    sorting: ["leads.full_name"],
  });
  const { run, bytes } = await exported(admin, report_id, "pdf");
  assert.match(text(bytes), /^%PDF-1\.\d/);
  assert.match(text(bytes), /FontFile2/);
  assert(pages(bytes) >= 2 && pages(bytes) <= 6, `${pages(bytes)} pages`);
  assert.deepEqual([run.row_count, run.rows_written], [120, 120]);
});

Deno.test("A PDF has its first 1,000 rows; run, file name and history say that there are more", async () => {
  const { admin } = await withLeads(1_120);
  const { report_id } = await build(admin, { fields: ["leads.full_name"] });
  const { run } = await exported(admin, report_id, "pdf");
  assert.deepEqual([run.status, run.row_count, run.rows_written], ["ready", 1_120, 1_000]);
  assert.equal(run.truncated, true);
  const [file] = await database()`select file_name from public.report_runs where id = ${run.id}`;
  assert.match(file?.["file_name"], / \(first 1000 of 1120 rows\)\.pdf$/);
  const history = await call(admin, "GET", `/reports/history?report_id=${report_id}`);
  assert.deepEqual(expectStatus<RunBody[]>(history, 200).map(({ truncated }) => truncated), [true]);
  const fields = await call(admin, "GET", "/reports/fields");
  const { limits } = expectStatus<{ limits: Record<string, number> }>(fields, 200);
  assert.deepEqual([limits["rows"], limits["pdf_rows"]], [100_000, 1_000]);
  const { run: workbook } = await exported(admin, report_id, "xlsx");
  assert.equal(workbook.truncated, false);
});

Deno.test("A grouped report without records is a PDF too", async () => {
  const { admin } = await newOrganization();
  const { report_id } = await build(admin, {
    grouping: [{ field: "leads.source" }],
    aggregations: [{ function: "count" }],
  });
  const { run, bytes } = await exported(admin, report_id, "pdf");
  assert.equal(run.status, "empty");
  assert.equal(pages(bytes), 1);
});

Deno.test("Several PDFs that are asked for at once are all made", async () => {
  const { admin } = await withLeads(400);
  const { report_id } = await build(admin, { fields: ["leads.full_name", "leads.source"] });
  const files = await Promise.all(
    Array.from({ length: 5 }, () => exported(admin, report_id, "pdf")),
  );
  assert.deepEqual(files.map(({ run }) => run.status), Array(5).fill("ready"));
});
