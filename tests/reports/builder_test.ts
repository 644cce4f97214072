import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addLead, setFields } from "../support/leads.ts";
import {
  addMembers,
  newOrganization,
  newTeam,
  type Organization,
  type Session,
} from "../support/people.ts";
import { build, type PreviewBody } from "../support/reports.ts";

interface ReportBody {
  id: string;
  version: number;
  name: string;
  sharing: string;
  grouping: unknown[];
  period: unknown;
  may_change: boolean;
}

/** Three leads of two sources, one of them won. */
async function withLeads(): Promise<Organization> {
  const organization = await newOrganization({ settings: { currency: "GHS" } });
  await addLead(organization.admin, { first_name: "Ama", source: "web", value: "10.50" });
  await addLead(organization.admin, {
    first_name: "Esi",
    source: "web",
    value: "20.25",
    status: "won",
  });
  await addLead(organization.admin, { first_name: "Kofi", source: "fair", value: "5" });
  return organization;
}

const bySource = {
  grouping: ["leads.source"],
  aggregations: [
    { function: "count", show: ["share_of_total"] },
    { function: "sum", field: "leads.value" },
    { measure: "leads.conversion_rate" },
  ],
  sorting: ["-count"],
};

const preview = (session: Session, definition: unknown) =>
  call(session, "POST", "/reports/preview", definition);

Deno.test("POST /reports/build saves a report and answers its rows, totals and columns", async () => {
  const { admin } = await withLeads();
  const body = await build(admin, { name: "By source", ...bySource });
  assert.deepEqual(body.preview_data, [
    {
      "leads.source": "web",
      count: 2,
      "count.share_of_total": 0.666667,
      "sum(leads.value)": "30.75",
      "leads.conversion_rate": 0.5,
    },
    {
      "leads.source": "fair",
      count: 1,
      "count.share_of_total": 0.333333,
      "sum(leads.value)": "5.00",
      "leads.conversion_rate": 0,
    },
  ]);
  assert.deepEqual(body.totals, {
    "leads.source": null,
    count: 3,
    "count.share_of_total": 1,
    "sum(leads.value)": "35.75",
    "leads.conversion_rate": 0.333333,
  });
  assert.deepEqual([body.row_count, body.records, body.truncated, body.period], [
    2,
    3,
    false,
    null,
  ]);
  assert.equal(body.columns.find(({ id }) => id === "sum(leads.value)")?.currency, "GHS");
  const report = expectStatus<ReportBody>(
    await call(admin, "GET", `/reports/${body.report_id}`),
    200,
  );
  assert.deepEqual([report.name, report.version, report.sharing], ["By source", 1, "private"]);
  const again = expectStatus<PreviewBody>(
    await call(admin, "GET", `/reports/${body.report_id}/preview`),
    200,
  );
  assert.deepEqual(again.preview_data, body.preview_data);
});

Deno.test("A list shows single rows in its order, local times with their offset, and totals of all", async () => {
  const { admin, id } = await withLeads();
  await database()`update public.organizations set time_zone = 'Asia/Kathmandu' where id = ${id}`;
  await database()`update public.leads set created_at = '2026-03-28 22:30:15.7+00', tags = '{a,b}'
    where organization_id = ${id} and first_name = 'Kofi'`;
  const body = await build(admin, {
    fields: ["leads.first_name", "leads.created_at", "leads.tags", "leads.value"],
    filters: [{ field: "leads.created_at", operator: "eq", value: "2026-03-29" }],
    aggregations: [{ function: "sum", field: "leads.value" }],
    sorting: [{ field: "leads.value", direction: "desc" }],
  });
  assert.deepEqual(body.preview_data, [{
    "leads.first_name": "Kofi",
    "leads.created_at": "2026-03-29T04:15:15+05:45",
    "leads.tags": ["a", "b"],
    "leads.value": "5.00",
  }]);
  assert.equal(body.totals["sum(leads.value)"], "5.00");
});

Deno.test("Empty time groups are filled and those that the period covers in part are named", async () => {
  const { admin, id } = await withLeads();
  await database()`update public.leads set created_at = '2026-01-15 12:00+00' where organization_id = ${id}`;
  const body = await build(admin, {
    grouping: [{ field: "leads.created_at", bucket: "month" }],
    aggregations: [{ function: "count" }, { function: "avg", field: "leads.value" }],
    period: { from: "2025-12-10", to: "2026-02-28" },
  });
  assert.deepEqual(body.preview_data, [
    { "leads.created_at.month": "2025-12", count: 0, "avg(leads.value)": null },
    { "leads.created_at.month": "2026-01", count: 3, "avg(leads.value)": "11.92" },
    { "leads.created_at.month": "2026-02", count: 0, "avg(leads.value)": null },
  ]);
  assert.deepEqual(body.partial, ["2025-12"]);
});

Deno.test("Every template that GET /reports/templates shows can be built, changed and previewed", async () => {
  const organization = await newOrganization();
  const [viewer, operator] = await addMembers(organization, [{ role: "viewer" }, {
    role: "operator",
  }]);
  assert(viewer && operator);
  const { admin } = organization;
  interface Template {
    id: string;
    name: string;
    description: string;
    fields: string[];
    filters: unknown;
    source: string;
  }
  const templates = expectStatus<Template[]>(await call(admin, "GET", "/reports/templates"), 200);
  assert(templates.length >= 12);
  for (const { id, name } of templates) {
    const body = await build(admin, { name: undefined, template_id: id });
    const report = expectStatus<ReportBody>(
      await call(admin, "GET", `/reports/${body.report_id}`),
      200,
    );
    assert.equal(report.name, name);
  }
  const changed = await build(admin, {
    name: "Mine",
    template_id: "new_leads_by_source",
    period: { name: "this_month" },
  });
  const report = expectStatus<ReportBody>(
    await call(admin, "GET", `/reports/${changed.report_id}`),
    200,
  );
  assert.deepEqual(report.period, { field: "leads.created_at", name: "this_month" });
  const theirs = expectStatus<Template[]>(await call(operator, "GET", "/reports/templates"), 200);
  assert(
    theirs.length > 0 && theirs.every(({ source }) => !["leads", "audit_logs"].includes(source)),
  );
  expectProblem(
    await call(admin, "POST", "/reports/build", { name: "x", template_id: "nothing" }),
    422,
    "unknown_template",
  );
});

Deno.test("GET /reports/fields shows custom fields by their own type, and an ETag that spares the answer", async () => {
  const { admin } = await newOrganization();
  await setFields(admin, [{ key: "program", label: "Program", type: "choice", choices: ["MBA"] }]);
  const answer = await call(admin, "GET", "/reports/fields");
  const { sources, formats } = expectStatus<
    { sources: { id: string; fields: { id: string; type: string }[] }[]; formats: string[] }
  >(answer, 200);
  assert.deepEqual(formats, ["csv", "xlsx", "pdf", "sheets"]);
  const field = sources.find(({ id }) => id === "leads")?.fields.find(({ id }) =>
    id === "leads.custom.program"
  );
  assert.equal(field?.type, "choice");
  const etag = answer.headers.get("etag") ?? "";
  const headers = { "if-none-match": `"other", ${etag}` };
  assert.equal((await call(admin, "GET", "/reports/fields", undefined, headers)).status, 304);
});

Deno.test("A preview that has not changed is answered with 304", async () => {
  const { admin } = await withLeads();
  const { report_id } = await build(admin, bySource);
  const path = `/reports/${report_id}/preview`;
  const etag = (await call(admin, "GET", path)).headers.get("etag") ?? "";
  assert.equal((await call(admin, "GET", path, undefined, { "if-none-match": etag })).status, 304);
  await addLead(admin, { source: "web" });
  assert.equal((await call(admin, "GET", path, undefined, { "if-none-match": etag })).status, 200);
});

Deno.test("PATCH /reports/{id} changes what is given, if the version is still the one that was read", async () => {
  const { admin } = await withLeads();
  const { report_id } = await build(admin, bySource);
  const path = `/reports/${report_id}`;
  const changed = await call(admin, "PATCH", path, { name: "New", grouping: ["leads.stage"] }, {
    "if-match": '"1"',
  });
  const report = expectStatus<ReportBody>(changed, 200);
  assert.deepEqual([report.name, report.version, report.grouping], ["New", 2, [{
    field: "leads.stage",
  }]]);
  assert.equal(changed.headers.get("etag"), '"2"');
  const stale = await call(admin, "PATCH", path, { name: "Late" }, { "if-match": '"1"' });
  expectProblem(stale, 409, "stale_version");
  assert.equal((stale.body as { current: ReportBody }).current.name, "New");
  expectProblem(
    await call(admin, "PATCH", path, { grouping: ["leads.nothing"] }),
    422,
    "unknown_field",
  );
  expectProblem(await call(admin, "PATCH", path, {}), 422, "invalid_field");
  expectProblem(
    await call(admin, "DELETE", path, undefined, { "if-match": '"1"' }),
    409,
    "stale_version",
  );
  assert.equal((await call(admin, "DELETE", path, undefined, { "if-match": '"2"' })).status, 204);
  expectProblem(await call(admin, "GET", path), 404, "not_found");
  const list = expectStatus<{ total: number }>(
    await call(admin, "GET", "/reports?deleted=true"),
    200,
  );
  assert.equal(list.total, 1);
  expectStatus(await call(admin, "POST", `${path}/restore`), 200);
  expectStatus(await call(admin, "GET", path), 200);
});

Deno.test("Sharing shares the definition: everybody who opens it sees their own rows", async () => {
  const organization = await newOrganization();
  const [manager, counselor, stranger] = await addMembers(organization, [
    { role: "manager" },
    { role: "counselor" },
    { role: "counselor" },
  ]);
  assert(manager && counselor && stranger);
  await newTeam(organization, [manager, counselor]);
  await addLead(manager, { first_name: "Manager's" });
  await addLead(counselor, { first_name: "Counselor's" });
  const { report_id } = await build(manager, {
    fields: ["leads.first_name"],
    sorting: ["leads.first_name"],
  });
  const path = `/reports/${report_id}`;
  expectProblem(await call(counselor, "GET", path), 404, "not_found");
  expectProblem(
    await call(manager, "PATCH", path, { sharing: "organization" }),
    403,
    "permission_denied",
  );
  expectStatus(await call(manager, "PATCH", path, { sharing: "team" }), 200);
  const names = async (session: Session) =>
    expectStatus<PreviewBody>(await call(session, "GET", `${path}/preview`), 200)
      .preview_data.map((row) => row["leads.first_name"]);
  assert.deepEqual(await names(manager), ["Counselor's", "Manager's"]);
  assert.deepEqual(await names(counselor), ["Counselor's"]);
  expectProblem(await call(stranger, "GET", `${path}/preview`), 404, "not_found");
  expectProblem(
    await call(counselor, "PATCH", path, { name: "Mine now" }),
    403,
    "permission_denied",
  );
  const copy = expectStatus<ReportBody>(
    await call(counselor, "POST", `${path}/copy`, { name: "Mine" }),
    201,
  );
  assert.deepEqual([copy.name, copy.sharing, copy.may_change], ["Mine", "private", true]);
  expectProblem(await call(organization.admin, "GET", `/reports/${copy.id}`), 404, "not_found");
});

Deno.test("What a caller may not use, or what is not there any more, is refused by name", async () => {
  const organization = await newOrganization();
  const [counselor, operator] = await addMembers(organization, [{ role: "counselor" }, {
    role: "operator",
  }]);
  assert(counselor && operator);
  const customers = await preview(counselor, { fields: ["customers.name"] });
  assert.match(expectProblem(customers, 403, "permission_denied").detail, /customers:read/);
  const lead = await preview(operator, {
    fields: ["messages.to_number", "messages.lead.full_name"],
  });
  assert.match(
    expectProblem(lead, 403, "field_not_permitted").detail,
    /messages\.lead\.full_name.*leads:read/,
  );
  const { admin } = organization;
  await setFields(admin, [{ key: "program", label: "Program", type: "text" }]);
  const { report_id } = await build(admin, { fields: ["leads.custom.program"] });
  await setFields(admin, []);
  const removed = expectProblem(
    await call(admin, "GET", `/reports/${report_id}/preview`),
    422,
    "field_removed",
  );
  assert.match(removed.detail, /custom\.program any more/);
  assert.deepEqual(removed.errors?.map(({ path }) => path), ["fields.0"]);
  expectProblem(await preview(admin, { fields: ["leads.id", "tasks.id"] }), 422, "invalid_field");
  expectProblem(await preview(admin, { fields: ["leads.id"], fields_: [] }), 422);
});

Deno.test("Nothing that a caller writes becomes SQL", async () => {
  const { admin, id } = await withLeads();
  const fragments = [
    "' or true --",
    "'; drop table public.reports; --",
    "\\",
    "%",
    "_",
    "$$",
    "$1",
    "{now}",
    "{lead_scope}",
    "%1$s",
    "=1+1",
    "\u202Eabc",
    "\u0000",
    "\uD800",
    "x".repeat(501),
    "x".repeat(200_000),
  ];
  for (const value of fragments) {
    for (const operator of ["eq", "neq", "contains", "starts_with"]) {
      const answer = await preview(admin, {
        fields: ["leads.id"],
        filters: [{ field: "leads.source", operator, value }],
      });
      assert(
        [200, 422].includes(answer.status),
        `${operator} ${value.slice(0, 20)}: ${answer.status}`,
      );
      if (answer.status === 200) {
        const expected = operator === "neq" ? 3 : 0;
        assert.equal((answer.body as PreviewBody).row_count, expected, `${operator} ${value}`);
      }
    }
    for (
      const definition of [
        { source: "leads", fields: [value] },
        { source: "leads", grouping: [value] },
        { source: "leads", fields: ["leads.id"], sorting: [value] },
        { source: value, aggregations: [{ function: "count" }] },
        { source: "leads", aggregations: [{ function: value, field: "leads.value" }] },
        { source: "leads", aggregations: [{ measure: value }] },
        { source: "leads", grouping: [{ field: "leads.created_at", bucket: value }] },
        { source: "leads", fields: ["leads.id"], period: { name: value } },
        {
          source: "leads",
          fields: ["leads.id"],
          filters: [{ field: value, operator: "eq", value }],
        },
        {
          source: "leads",
          fields: ["leads.id"],
          filters: [{ field: "leads.id", operator: value }],
        },
      ]
    ) {
      const answer = await preview(admin, definition);
      assert.equal(
        answer.status,
        422,
        `${JSON.stringify(definition).slice(0, 100)}: ${JSON.stringify(answer.body)}`,
      );
    }
  }
  const [left] =
    await database()`select count(*)::int as leads from public.leads where organization_id = ${id}`;
  assert.equal(left?.["leads"], 3);
});

Deno.test("A report in two currencies is refused until it is grouped by them", async () => {
  const { admin, id } = await withLeads();
  await database()`update public.leads set currency = 'USD' where organization_id = ${id} and first_name = 'Kofi'`;
  const sum = [{ function: "sum", field: "leads.value" }];
  expectProblem(
    await preview(admin, { grouping: ["leads.stage"], aggregations: sum }),
    422,
    "mixed_currencies",
  );
  const grouped = await build(admin, {
    grouping: ["leads.source", "leads.currency"],
    aggregations: sum,
  });
  assert.equal(grouped.totals["sum(leads.value)"], null, "a total over two currencies is none");
  assert.deepEqual(grouped.preview_data.map((row) => row["sum(leads.value)"]), ["5.00", "30.75"]);
  const filtered = await build(admin, {
    grouping: ["leads.source"],
    aggregations: sum,
    filters: [{ field: "leads.currency", operator: "eq", value: "GHS" }],
  });
  assert.equal(filtered.totals["sum(leads.value)"], "30.75");
});

Deno.test("A repeat with the same Idempotency-Key saves one report", async () => {
  const { admin } = await withLeads();
  const headers = { "idempotency-key": '"monday"' };
  const body = { name: "Once", ...bySource };
  const first = expectStatus<PreviewBody>(
    await call(admin, "POST", "/reports/build", body, headers),
    201,
  );
  const second = expectStatus<PreviewBody>(
    await call(admin, "POST", "/reports/build", body, headers),
    201,
  );
  assert.deepEqual(second, first);
  expectProblem(
    await call(admin, "POST", "/reports/build", { ...body, name: "Other" }, headers),
    422,
    "idempotency_key_reused",
  );
  const list = expectStatus<{ total: number }>(await call(admin, "GET", "/reports"), 200);
  assert.equal(list.total, 1);
});

Deno.test("A report can be saved without its preview", async () => {
  const { admin } = await withLeads();
  const body = await build(admin, { ...bySource, preview: false });
  assert.deepEqual([body.preview_data, body.row_count, body.totals], [[], null, null]);
  expectStatus(await call(admin, "GET", `/reports/${body.report_id}`), 200);
});

Deno.test("A viewer previews and opens, but saves nothing; who lacks reports:read gets nothing", async () => {
  const organization = await withLeads();
  const [viewer, stranger] = await addMembers(organization, [{ role: "viewer" }, {
    permissions: ["leads:read"],
  }]);
  assert(viewer && stranger);
  expectStatus(await preview(viewer, bySource), 200);
  expectProblem(
    await call(viewer, "POST", "/reports/build", { name: "x", ...bySource }),
    403,
    "permission_denied",
  );
  expectProblem(await call(stranger, "GET", "/reports/fields"), 403, "permission_denied");
  const direct = await stranger.client.rpc("preview_report", {
    organization_id: organization.id,
    definition: { source: "leads", fields: ["leads.id"] },
  });
  assert.equal(direct.status, 403);
});
