import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addLead, setFields } from "../support/leads.ts";
import {
  addMember,
  addMembers,
  newOrganization,
  newTeam,
  type Organization,
  type Session,
} from "../support/people.ts";
import {
  build,
  ended,
  exported,
  exportReport,
  fetchFile,
  readRun,
  type RunBody,
} from "../support/reports.ts";
import { until } from "../support/wait.ts";

const lines = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trimEnd().split("\r\n");

async function withLeads(count = 3): Promise<Organization> {
  const organization = await newOrganization({ settings: { currency: "GHS" } });
  await database()`insert into public.leads (organization_id, first_name, source, value, currency, created_by)
    select ${organization.id}, 'Lead ' || i, case when i % 2 = 0 then 'web' else 'fair' end, i, 'GHS', ${organization.admin.userId}
    from generate_series(1, ${count}::int) i`;
  return organization;
}

const names = { fields: ["leads.first_name"], sorting: ["leads.first_name"] };

Deno.test("POST /reports/export queues a run, whose file is there when its state says so", async () => {
  const { admin } = await withLeads();
  const { report_id } = await build(admin, names);
  const answer = await call(admin, "POST", "/reports/export", { report_id, format: "csv" });
  const queued = expectStatus<Record<string, string>>(answer, 202);
  assert.deepEqual(Object.keys(queued).toSorted(), [
    "download_url",
    "expires_at",
    "run_id",
    "status",
  ]);
  const path = `/reports/runs/${queued["run_id"]}/file`;
  assert(queued["download_url"]?.endsWith(path));
  const waiting = await call(admin, "GET", path);
  if (waiting.status === 202) assert(Number(waiting.headers.get("retry-after")) > 0);
  const run = await ended(admin, queued["run_id"] ?? "");
  assert.deepEqual([run.status, run.row_count, run.rows_written, run.truncated], [
    "ready",
    3,
    3,
    false,
  ]);
  const file = await fetchFile(admin, run.download_url ?? "");
  assert.deepEqual(lines(file).slice(1), ["Lead 1", "Lead 2", "Lead 3"]);
  assert.equal(createHash("sha256").update(file).digest("hex"), run.checksum);
  const fetched = await fetch(run.download_url ?? "", {
    headers: { authorization: `Bearer ${admin.accessToken}` },
    redirect: "manual",
  });
  assert.equal(fetched.status, 307);
  const address = fetched.headers.get("location") ?? "";
  const direct = await fetch(address);
  assert.match(
    direct.headers.get("content-disposition") ?? "",
    /A%20report%20\d{4}-\d\d-\d\d\.csv/,
  );
  await direct.body?.cancel();
  const changed = await fetch(address.replace(/\.csv/, ".xlsx"));
  assert.equal(changed.status, 400, "a signed address opens nothing else");
  await changed.body?.cancel();
  const etag = { "if-none-match": fetched.headers.get("etag") ?? "" };
  const { downloads } = await readRun(admin, run.id);
  assert.equal((await call(admin, "GET", path, undefined, etag)).status, 304);
  assert.equal(
    (await readRun(admin, run.id)).downloads,
    downloads,
    "no download where nothing left",
  );
});

Deno.test("A run keeps the definition and the rows of its moment; the history shows it with its link", async () => {
  const { admin } = await withLeads();
  const { report_id } = await build(admin, names);
  const { run, bytes } = await exported(admin, report_id, "csv");
  await call(admin, "PATCH", `/reports/${report_id}`, { fields: ["leads.source"], sorting: [] });
  await addLead(admin, { first_name: "Later" });
  assert.deepEqual(await fetchFile(admin, run.download_url ?? ""), bytes);
  const rows = expectStatus<{ data: Record<string, unknown>[] }>(
    await call(admin, "GET", `/reports/runs/${run.id}/rows?limit=2&offset=1`),
    200,
  );
  assert.deepEqual(rows.data, [{ "leads.first_name": "Lead 2" }, { "leads.first_name": "Lead 3" }]);
  const answer = await call(admin, "GET", `/reports/history?report_id=${report_id}`);
  const history = expectStatus<RunBody[]>(answer, 200);
  assert.equal(answer.headers.get("x-total-count"), "1");
  assert.deepEqual(history.map(({ id, status, download_url }) => [id, status, download_url]), [
    [run.id, "ready", run.download_url],
  ]);
  assert.equal((await readRun(admin, run.id)).downloads, 2);
  expectStatus(await call(admin, "DELETE", `/reports/${report_id}`), 204);
  assert.deepEqual(
    await fetchFile(admin, run.download_url ?? ""),
    bytes,
    "its file outlives the report",
  );
});

Deno.test("A file needs reports:export, and single rows of leads leads:export too", async () => {
  const organization = await withLeads();
  const { admin } = organization;
  const counselor = await addMember(organization, "counselor");
  const [exporter] = await addMembers(organization, [{
    permissions: ["reports:read", "reports:write", "reports:export", "leads:read"],
  }]);
  assert(exporter);
  const own = await build(counselor, names);
  const refused = await call(counselor, "POST", "/reports/export", {
    report_id: own.report_id,
    format: "csv",
  });
  expectProblem(refused, 403, "permission_denied");
  const list = await build(exporter, names);
  const rows = await call(exporter, "POST", "/reports/export", {
    report_id: list.report_id,
    format: "csv",
  });
  assert.match(expectProblem(rows, 403, "permission_denied").detail, /leads:export/);
  const figures = await build(exporter, { grouping: ["leads.source"] });
  assert.equal((await exported(exporter, figures.report_id, "csv")).run.status, "ready");
  const persons = await build(exporter, { grouping: ["leads.phone"] });
  const personal = await call(exporter, "POST", "/reports/export", {
    report_id: persons.report_id,
    format: "csv",
  });
  expectProblem(personal, 403, "permission_denied");
  const { report_id } = await build(admin, names);
  expectProblem(
    await call(admin, "POST", "/reports/export", { report_id, format: "docx" }),
    422,
    "invalid_field",
  );
});

/** A run of this report that the job does not know of before `start`. */
async function prepared(report_id: string) {
  const sql = database();
  const [row] = await sql`
    insert into public.report_runs (organization_id, report_id, owner_id, name, definition, format, time_zone)
    select organization_id, id, owner_id, name, definition, 'csv', 'UTC' from public.reports where id = ${report_id}
    returning id, organization_id`;
  const id = String(row?.["id"]);
  const start = async () => {
    await sql`insert into private.report_run_work (run_id, organization_id) values (${id}, ${
      row?.["organization_id"]
    })`;
    await sql`select private.invoke('report-jobs/run-reports')`;
    return await until(async () => {
      const [run] =
        await sql`select status, reason, finished_at from public.report_runs where id = ${id}`;
      return run?.["finished_at"] !== null && run;
    }, { what: `the end of the run ${id}` });
  };
  return { id, start };
}

const systemRole = (key: string) =>
  database()`select id from public.roles where organization_id is null and key = ${key}`;

Deno.test("A run executes with the rights that its owner has then, and is refused by name without them", async () => {
  const organization = await withLeads();
  const sql = database();
  const cases: [string, (member: Session) => Promise<unknown>, string][] = [
    [
      "was suspended",
      ({ userId }) =>
        sql`update public.memberships set status = 'suspended' where user_id = ${userId}`,
      "not_a_member",
    ],
    [
      "lost the permission to export",
      ({ userId }) =>
        sql`update public.memberships set role_id = (${
          systemRole("viewer")
        }) where user_id = ${userId}`,
      "permission_denied",
    ],
    [
      "lost the source",
      ({ userId }) =>
        sql`update public.memberships set role_id = (${
          systemRole("operator")
        }) where user_id = ${userId}`,
      "permission_denied",
    ],
  ];
  for (const [what, change, reason] of cases) {
    const member = await addMember(organization, "campaign_manager");
    const { report_id } = await build(member, names);
    const { id, start } = await prepared(report_id);
    await change(member);
    const run = await start();
    assert.deepEqual([run["status"], run["reason"]], ["refused", reason], `somebody who ${what}`);
    const [left] =
      await sql`select count(*)::int as rows from private.report_rows where run_id = ${id}`;
    assert.equal(left?.["rows"], 0, "nothing of it is frozen");
  }
});

Deno.test("A field that was removed since refuses the run, the export and the file by name", async () => {
  const { admin } = await withLeads();
  await setFields(admin, [{ key: "program", label: "Program", type: "text" }]);
  const { report_id } = await build(admin, { fields: ["leads.custom.program"] });
  const { id, start } = await prepared(report_id);
  await setFields(admin, []);
  const run = await start();
  assert.deepEqual([run["status"], run["reason"]], ["refused", "field_removed"]);
  assert.match((await readRun(admin, id)).detail ?? "", /custom\.program any more/);
  expectProblem(await call(admin, "GET", `/reports/runs/${id}/file`), 409, "run_refused");
  const later = await call(admin, "POST", "/reports/export", { report_id, format: "csv" });
  expectProblem(later, 422, "field_removed");
});

Deno.test("Total, rows and file are of one moment while others write", async () => {
  const organization = await withLeads(2_000);
  const { admin, id } = organization;
  const { report_id } = await build(admin, {
    grouping: ["leads.source", "leads.first_name"],
    aggregations: [{ function: "count" }, { function: "sum", field: "leads.value" }],
  });
  const sql = database();
  let writing = true;
  const writer = (async () => {
    for (let turn = 0; writing; turn++) {
      await sql`update public.leads set source = case when source = 'web' then 'fair' else 'web' end
        where organization_id = ${id} and value % 7 = ${turn % 7}`;
      await sql`insert into public.leads (organization_id, first_name, source, value, currency)
        values (${id}, ${`New ${turn}`}, 'web', 1, 'GHS')`;
    }
  })();
  try {
    for (let turn = 0; turn < 3; turn++) {
      const { run, bytes } = await exported(admin, report_id, "csv");
      const rows = lines(bytes).slice(1).map((line) => line.split(","));
      const count = rows.reduce((sum, row) => sum + Number(row[2]), 0);
      const value = rows.reduce((sum, row) => sum + Math.round(Number(row[3]) * 100), 0);
      assert.equal(rows.length, run.row_count);
      assert.equal(count, run.totals?.["count"]);
      assert.equal((value / 100).toFixed(2), run.totals?.["sum(leads.value)"]);
    }
  } finally {
    writing = false;
    await writer;
  }
});

Deno.test("Only the run's owner gets its file, and only while they may", async () => {
  const organization = await withLeads();
  const [member, colleague] = await addMembers(organization, [{ role: "manager" }, {
    role: "manager",
  }]);
  assert(member && colleague);
  await newTeam(organization, [member, colleague]);
  await addLead(member, { first_name: "Mine" });
  const { report_id } = await build(member, names);
  expectStatus(await call(member, "PATCH", `/reports/${report_id}`, { sharing: "team" }), 200);
  const { run } = await exported(member, report_id, "csv");
  const path = `/reports/runs/${run.id}/file`;
  for (const other of [colleague, organization.admin]) {
    for (const door of [path, `/reports/runs/${run.id}`, `/reports/runs/${run.id}/rows`]) {
      expectProblem(await call(other, "GET", door), 404, "not_found");
    }
  }
  const sql = database();
  const storage = await member.client.storage.from("report-files").download(
    `${organization.id}/${run.id}.csv`,
  );
  assert(storage.error, "Storage itself shows members nothing");
  await sql`update public.memberships set role_id = (${
    systemRole("counselor")
  }) where user_id = ${member.userId}`;
  expectProblem(await call(member, "GET", path), 403, "permission_denied");
  await sql`delete from public.memberships where user_id = ${member.userId}`;
  expectProblem(await call(member, "GET", path), 403, "not_a_member");
});

Deno.test("The same Idempotency-Key asks for one run", async () => {
  const { admin } = await withLeads();
  const { report_id } = await build(admin, names);
  const body = { report_id, format: "csv" };
  const headers = { "idempotency-key": '"once"' };
  const runs = [
    expectStatus<{ run_id: string }>(
      await call(admin, "POST", "/reports/export", body, headers),
      202,
    ),
    expectStatus<{ run_id: string }>(
      await call(admin, "POST", "/reports/export", body, headers),
      202,
    ),
  ];
  assert.equal(runs[0]?.run_id, runs[1]?.run_id);
  await ended(admin, runs[0]?.run_id ?? "");
  assert.equal(
    expectStatus<RunBody[]>(await call(admin, "GET", "/reports/history"), 200).length,
    1,
  );
});

Deno.test("Who asks for more than ten files at once is told to wait", async () => {
  const organization = await withLeads();
  const { admin } = organization;
  const { report_id } = await build(admin, names);
  const sql = database();
  await sql`
    with runs as (
      insert into public.report_runs (organization_id, report_id, owner_id, requested_by, name, definition, format, time_zone)
      select organization_id, id, owner_id, owner_id, name, definition, 'csv', 'UTC' from public.reports, generate_series(1, 10)
      where id = ${report_id} returning id, organization_id)
    insert into private.report_run_work (run_id, organization_id, leased_until)
    select id, organization_id, now() + interval '1 hour' from runs`;
  const refused = await call(admin, "POST", "/reports/export", { report_id, format: "csv" });
  expectProblem(refused, 409, "too_many_runs");
});

Deno.test("Export is recorded in the audit log", async () => {
  const { admin } = await withLeads();
  const { report_id } = await build(admin, names);
  const id = await exportReport(admin, report_id, "csv");
  const [entry] = await database()`
    select actor_id, after from public.audit_logs where action = 'exported' and resource_id = ${report_id}`;
  assert.equal(entry?.["actor_id"], admin.userId);
  assert.deepEqual(entry?.["after"], { run_id: id, format: "csv", source: "leads" });
  await ended(admin, id);
});

Deno.test("Files are deleted when their days are over, and the run says so", async () => {
  const { admin, id: organization } = await withLeads();
  const { report_id } = await build(admin, names);
  const { run } = await exported(admin, report_id, "csv");
  const sql = database();
  await sql`update public.report_runs set finished_at = now() - interval '31 days' where id = ${run.id}`;
  expectProblem(await call(admin, "GET", `/reports/runs/${run.id}/file`), 410, "file_expired");
  await sql`select private.purge_reports()`;
  await until(async () => {
    const objects =
      await sql`select from storage.objects where name = ${`${organization}/${run.id}.csv`}`;
    return objects.length === 0;
  }, { what: "the deletion of the file" });
  await until(async () => {
    const [row] =
      await sql`select file_deleted_at, rows_deleted_at from public.report_runs where id = ${run.id}`;
    return row?.["file_deleted_at"] !== null && row?.["rows_deleted_at"] !== null;
  }, { what: "the note that it is gone" });
  assert.equal((await readRun(admin, run.id)).download_url, null);
  expectProblem(await call(admin, "GET", `/reports/runs/${run.id}/rows`), 404, "not_found");
});
