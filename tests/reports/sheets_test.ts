import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { callsOf, googleControl, newSpreadsheet, setFault, tabsOf } from "../support/google.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addLead } from "../support/leads.ts";
import { addMembers, newOrganization } from "../support/people.ts";
import { build, ended, readRun, type RunBody } from "../support/reports.ts";
import {
  connectedOffice,
  exportSheet,
  paused,
  resume,
  sheetExported,
} from "../support/spreadsheets.ts";
import { until } from "../support/wait.ts";

const list = {
  fields: ["leads.first_name", "leads.value", "leads.created_at"],
  sorting: ["leads.value"],
};

/** The tab with the rows, beside the one that was there before and the one about the run. */
async function reportTab(spreadsheet: string) {
  const tabs = await tabsOf(spreadsheet);
  assert.deepEqual(tabs.map(({ title }) => title), ["Sheet1", "A report", "A report – about"]);
  assert(tabs.every(({ hidden }) => !hidden));
  const [, report, about] = tabs;
  assert(report && about);
  return { report, about };
}

Deno.test("A report in a spreadsheet has the preview's headings, rows and total, typed and without formulas", async () => {
  const { admin, spreadsheet } = await connectedOffice();
  await addLead(admin, { first_name: "=1+1", source: "web", value: 7.5, currency: "GHS" });
  const preview = await build(admin, list);
  const run = await sheetExported(admin, preview.report_id, spreadsheet.url);
  assert.deepEqual([run.status, run.row_count, run.rows_written], ["ready", 4, 4]);
  const { report, about } = await reportTab(spreadsheet.id);
  const [head, ...rows] = report.rows;
  assert.deepEqual(head?.slice(0, 2), preview.columns.slice(0, 2).map(({ label }) => label));
  assert.match(String(head?.[2]), /\(Africa\/Accra\)/);
  const shown = preview.preview_data.map((
    row,
  ) => [row["leads.first_name"], Number(row["leads.value"])]);
  assert.deepEqual(rows.map((row) => row.slice(0, 2)), shown);
  assert.deepEqual(rows.at(-1)?.slice(0, 2), ["=1+1", 7.5]);
  for (const row of rows) {
    const seconds = (Number(row[2]) - 25_569) * 86_400 - Date.now() / 1000;
    assert(Math.abs(seconds) < 600, `${row[2]} is not now`);
  }
  assert.equal(report.frozenRowCount, 1);
  assert.deepEqual(report.formats.map(({ fields }) => fields), [
    "userEnteredFormat.textFormat.bold",
    "userEnteredFormat.numberFormat",
    "userEnteredFormat.numberFormat",
  ]);
  assert(about.rows.some(([label, value]) => label === "Rows" && value === 4));
  const file = await fetch(run.download_url ?? "", {
    headers: { authorization: `Bearer ${admin.accessToken}` },
    redirect: "manual",
  });
  const gid = `${spreadsheet.url.replace(/#.*/, "")}#gid=${report.sheetId}`;
  assert.deepEqual([file.status, file.headers.get("location")], [307, gid]);
  assert.equal(run.spreadsheet, gid);
});

Deno.test("A grouped report has its subtotals and total in their places", async () => {
  const { admin, spreadsheet } = await connectedOffice();
  const { report_id } = await build(admin, {
    grouping: ["leads.source", "leads.first_name"],
    aggregations: [{ function: "count" }, { function: "sum", field: "leads.value" }],
    subtotals: true,
  });
  await sheetExported(admin, report_id, spreadsheet.id);
  const { report } = await reportTab(spreadsheet.id);
  assert.deepEqual(report.rows.slice(1).toSorted(), [
    ["Total", "", 3, 6],
    ["fair", "Lead 1", 1, 1],
    ["fair", "Lead 3", 1, 3],
    ["fair", "Subtotal", 2, 4],
    ["web", "Lead 2", 1, 2],
    ["web", "Subtotal", 1, 2],
  ]);
  assert.equal(report.rows.at(-1)?.[0], "Total");
});

Deno.test("The next run replaces the tab in its place, under the name that people gave it, and leaves theirs alone", async () => {
  const { admin, spreadsheet, account } = await connectedOffice();
  const { report_id } = await build(admin, list);
  await sheetExported(admin, report_id, spreadsheet.url);
  const other = await build(admin, { ...list, name: "A REPORT" });
  await sheetExported(admin, other.report_id, spreadsheet.url);
  await addLead(admin, { first_name: "Later", value: 9, currency: "GHS" });
  // Without the spreadsheet: the one of last time.
  const run = await sheetExported(admin, report_id);
  assert.equal(run.status, "ready");
  const tabs = await tabsOf(spreadsheet.id);
  assert.deepEqual(
    tabs.map(({ title, rows }) => [title, rows.length]).filter(([t]) => !/about/.test(String(t))),
    [
      ["Sheet1", 0],
      ["A report", 5],
      ["A REPORT (2)", 4],
    ],
  );
  const calls = await callsOf(spreadsheet.id);
  assert.equal(calls.length, 18, "six calls a run");
  assert(account.client_email);
});

Deno.test("Without a connection, a spreadsheet or the right to export there is no run", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const { report_id } = await build(admin, list);
  const ask = (body: Record<string, unknown>) =>
    call(admin, "POST", "/reports/export", { report_id, format: "sheets", ...body });
  const id = "1".repeat(44);
  expectProblem(await ask({ spreadsheet: id }), 409, "google_not_connected");
  for (
    const spreadsheet of [
      undefined,
      "short",
      `https://docs.google.com.evil.example/spreadsheets/d/${id}`,
      `https://docs.google.com/spreadsheets/d/e/2PACX-${id}/pubhtml`,
      `${id}/values/A1`,
    ]
  ) {
    const refused = expectProblem(await ask({ spreadsheet }), 422, "invalid_field");
    assert.match(JSON.stringify(refused), /spreadsheet/);
  }
  expectProblem(await ask({ format: "csv", spreadsheet: id }), 422, "invalid_field");
  const [reader] = await addMembers(organization, [{
    permissions: ["reports:read", "leads:read"],
  }]);
  assert(reader);
  const refused = await call(reader, "POST", "/reports/export", {
    report_id,
    format: "sheets",
    spreadsheet: id,
  });
  expectProblem(refused, 403, "permission_denied");
});

Deno.test("A spreadsheet that is not shared, an account that Google refuses and a full spreadsheet end the run with their reason", async () => {
  const { admin, id, account, spreadsheet } = await connectedOffice();
  const { report_id } = await build(admin, list);
  const strange = await newSpreadsheet("somebody@else.example");
  const unshared = await sheetExported(admin, report_id, strange.url);
  assert.deepEqual([unshared.status, unshared.reason], ["failed", "spreadsheet_not_shared"]);
  assert(unshared.detail?.includes(account.client_email), "it says with whom to share it");
  const file = await call(admin, "GET", `/reports/runs/${unshared.id}/file`);
  expectProblem(file, 409, "run_failed");
  assert.equal((file.body as { reason: string }).reason, "spreadsheet_not_shared");
  await setFault(spreadsheet.id, { kind: "storage_quota", times: 1, path: ":batchUpdate" });
  const full = await sheetExported(admin, report_id, spreadsheet.url);
  assert.deepEqual([full.status, full.reason], ["failed", "spreadsheet_full"]);
  await googleControl("POST", `/spreadsheets/${spreadsheet.id}/share`, {
    with: account.client_email,
    role: "reader",
  });
  const reader = await sheetExported(admin, report_id, spreadsheet.url);
  assert.equal(reader.reason, "spreadsheet_not_shared", "as a reader it cannot write");
  await database()`delete from public.integrations where organization_id = ${id}`;
  const gone = await call(admin, "POST", "/reports/export", { report_id, format: "sheets" });
  expectProblem(gone, 409, "google_not_connected");
});

Deno.test("Quotas, outages and lost answers make a run wait, never fail, and nothing is written twice", async () => {
  const { admin, spreadsheet, account } = await connectedOffice(6_000);
  const { report_id } = await build(admin, list);
  await setFault(spreadsheet.id, { kind: "http429", times: 1, retry_after: 900 });
  const id = await exportSheet(admin, report_id, spreadsheet.url);
  const waiting = await paused(admin, id);
  assert.equal(waiting.status, "writing");
  assert.match(waiting.pause_detail ?? "", /no more calls/);
  assert(
    Date.parse(waiting.paused_until ?? "") > Date.now() + 850_000,
    "as long as Google asks for",
  );
  const faults = [
    { kind: "http500", path: "values", after: 1 },
    { kind: "lost", path: "values" },
    { kind: "lost", path: "values", after: 1 },
    { kind: "http429", path: "values" },
    { kind: "lost", path: "POST :batchUpdate" },
  ] as const;
  for (const fault of faults) {
    await setFault(spreadsheet.id, { ...fault, times: 1 });
    await resume(id);
    assert.equal((await paused(admin, id)).status, "writing", JSON.stringify(fault));
  }
  await setFault(spreadsheet.id, { kind: "none" });
  await resume(id);
  const run = await ended(admin, id);
  assert.deepEqual([run.status, run.rows_written, run.paused_until], ["ready", 6_000, null]);
  const { report } = await reportTab(spreadsheet.id);
  assert.deepEqual(
    report.rows.slice(1).map(([, value]) => value),
    [...Array(6_000).keys()].map((n) => n + 1),
  );
  await googleControl("POST", "/limits", { account: account.client_email, per_minute: 0 });
  const limited = await exportSheet(admin, report_id);
  await paused(admin, limited);
  await googleControl("POST", "/limits", { account: account.client_email, per_minute: 60 });
  await resume(limited);
  assert.equal((await ended(admin, limited)).status, "ready");
});

Deno.test("A runner that is taken for dead while it writes leaves a run that another ends, with each row once", async () => {
  const { admin, spreadsheet } = await connectedOffice(6_000);
  const { report_id } = await build(admin, list);
  const sql = database();
  for (const path of ["POST :batchUpdate", "values"]) {
    await setFault(spreadsheet.id, { kind: "slow", times: 1, path });
    const before = (await callsOf(spreadsheet.id)).length;
    const id = await exportSheet(admin, report_id, spreadsheet.url);
    await until(
      async () => (await callsOf(spreadsheet.id)).slice(before).some((one) => one.includes(path)),
      {
        what: `a slow ${path}`,
      },
    );
    await sql`update private.report_run_work set leased_until = now() - interval '1 second' where run_id = ${id}`;
    await sql`select private.invoke('report-jobs/run-reports')`;
    const run = await ended(admin, id);
    assert.deepEqual([run.status, run.rows_written], ["ready", 6_000], path);
    const { report } = await reportTab(spreadsheet.id);
    assert.equal(report.rows.length, 6_001);
    assert.equal(new Set(report.rows.map(([name]) => name)).size, 6_001, "each row once");
  }
});

Deno.test("A spreadsheet has one writer: its runs take place one after another, also while the first waits for Google", async () => {
  const { admin, spreadsheet } = await connectedOffice();
  const reports = [await build(admin, list), await build(admin, { ...list, name: "Second" })];
  await setFault(spreadsheet.id, { kind: "http500", times: 1, path: "values" });
  const first = await exportSheet(admin, reports[0]?.report_id ?? "", spreadsheet.url);
  await paused(admin, first);
  const second = await exportSheet(admin, reports[1]?.report_id ?? "", spreadsheet.url);
  const elsewhere = await sheetExported(
    admin,
    reports[1]?.report_id ?? "",
    (await newSpreadsheet()).url,
  );
  assert.equal(elsewhere.status, "failed", "other spreadsheets do not wait");
  assert.equal((await readRun(admin, second)).status, "queued");
  await resume(first);
  assert.equal((await ended(admin, first)).status, "ready");
  assert.equal((await ended(admin, second)).status, "ready");
  const titles = (await tabsOf(spreadsheet.id)).map(({ title }) => title);
  assert.deepEqual(titles, ["Sheet1", "A report", "A report – about", "Second", "Second – about"]);
});

Deno.test("A schedule writes into its spreadsheet, now and at its time, and forgets it with another format", async () => {
  const { admin, spreadsheet } = await connectedOffice();
  const { report_id } = await build(admin, list);
  const body = {
    report_id,
    frequency: "daily",
    time: "07:30",
    recipients: [admin.email],
    format: "sheets",
  };
  expectProblem(await call(admin, "POST", "/reports/schedule", body), 422, "invalid_field");
  const made = expectStatus<{ id: string; spreadsheet: string }>(
    await call(admin, "POST", "/reports/schedule", { ...body, spreadsheet: spreadsheet.url }),
    201,
  );
  assert.equal(made.spreadsheet, spreadsheet.url.replace(/#.*/, ""));
  const path = `/reports/scheduled/${made.id}`;
  const now = expectStatus<{ run_id: string }>(await call(admin, "POST", `${path}/run-now`), 202);
  assert.equal((await ended(admin, now.run_id)).status, "ready");
  const sql = database();
  await sql`update public.report_schedules set next_run_at = now() - interval '1 minute' where id = ${made.id}`;
  await sql`select private.run_report_schedules()`;
  const [run] = await until(async () => {
    const runs = expectStatus<(RunBody & { scheduled_for: string | null })[]>(
      await call(admin, "GET", "/reports/history?status=ready"),
      200,
    );
    return runs.length === 2 && runs;
  }, { what: "the run of its time" });
  assert(run?.scheduled_for !== null && run?.spreadsheet?.startsWith(made.spreadsheet));
  await reportTab(spreadsheet.id);
  const other = await newSpreadsheet();
  const moved = await call(admin, "PATCH", path, { spreadsheet: other.id });
  assert.match(expectStatus<{ spreadsheet: string }>(moved, 200).spreadsheet, new RegExp(other.id));
  const changed = await call(admin, "PATCH", path, { format: "csv" });
  assert.equal(expectStatus<{ spreadsheet: null }>(changed, 200).spreadsheet, null);
  expectProblem(await call(admin, "PATCH", path, { spreadsheet: other.id }), 422, "invalid_field");
});
