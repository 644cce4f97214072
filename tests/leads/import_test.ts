import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  ended,
  errorLines,
  imported,
  leadsOf,
  previewed,
  sendLeads,
  started,
} from "../support/lead_import.ts";
import { addMember, newOrganization } from "../support/people.ts";

const header = "Full name,E-mail,Mobile,Stage,Deal value,Tags,Country,Region,Time zone,Source";

Deno.test("a file of leads becomes leads, with everything that its columns say", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  await withDatabase((sql) =>
    sql`insert into public.lead_fields (organization_id, key, label, type, choices, position) values
      (${id}, 'program', 'Program', 'choice', '{MBA,BSc}', 1), (${id}, 'start', 'Start', 'date', '{}', 2)`
  );
  const preview = await previewed(
    admin,
    `${header},Program,Start\r\n` +
      `Ama Serwaa Mensah,AMA@Example.com,024 412 3456,Qualified,"GHS 1,234.50",hot; web,Ghana,Ashanti,africa/accra,Web Site,mba,2027-01-15\r\n` +
      `"Boateng, Kofi",,+233201234567,,,,,,,,,\r\n`,
  );
  assert.equal(preview.total_rows, 2);
  assert.deepEqual(preview.errors, []);
  assert.deepEqual(Object.values(preview.suggested_mapping), [
    "full_name",
    "email",
    "phone",
    "status",
    "value",
    "tags",
    "country",
    "region",
    "time_zone",
    "source",
    "custom_fields.program",
    "custom_fields.start",
  ]);
  assert.equal(preview.columns[0]?.sample, "Ama Serwaa Mensah");
  const result = await ended(admin, await started(admin, preview));
  assert.deepEqual(
    [result.status, result.created, result.skipped, result.invalid, result.percent],
    ["done", 2, 0, 0, 100],
    JSON.stringify(result),
  );
  const [kofi, ama] = await leadsOf(id);
  assert.deepEqual({ ...ama, id: "", version: 0, import_id: "" }, {
    id: "",
    first_name: "Ama Serwaa",
    last_name: "Mensah",
    email: "ama@example.com",
    phone: "+233244123456",
    source: "web site",
    status: "qualified",
    value: "1234.50",
    tags: ["hot", "web"],
    time_zone: "Africa/Accra",
    country: "GH",
    region: "Ashanti",
    custom_fields: { program: "MBA", start: "2027-01-15" },
    version: 0,
    team_id: null,
    assigned_to: null,
    created_by: admin.userId,
    import_id: "",
  });
  assert.deepEqual([kofi?.first_name, kofi?.last_name, kofi?.status, kofi?.source], [
    "Kofi",
    "Boateng",
    "new",
    "import",
  ]);
  assert.equal(ama?.import_id, result.id);
  const notices = await withDatabase((sql) =>
    sql`select kind, data from public.notifications where user_id = ${admin.userId} and kind = 'import_finished'`
  );
  assert.equal(notices.length, 1);
  assert.equal(notices[0]?.["data"].created, 2);
});

Deno.test("faulty rows and those of known leads are in the error file, with formulas escaped", async () => {
  const { admin } = await newOrganization({ country: "GH" });
  await imported(admin, "name,phone\nKnown,0244000001\n");
  const result = await imported(
    admin,
    "name,phone,email,status\n" +
      "=HYPERLINK(1),0244000002,,\n" +
      "Bad phone,12,,\n" +
      "Bad mail,,nobody,\n" +
      "Bad stage,0244000003,,nowhere\n" +
      '"Again, sir",0244000001,,\n' +
      "Twice,0244000002,,\n" +
      ",,,won\n",
  );
  assert.deepEqual(
    [result.created, result.skipped, result.invalid, result.processed],
    [1, 2, 4, 7],
    JSON.stringify(result),
  );
  const lines = await errorLines(admin, result.id);
  assert.equal(lines[0], "row,result,reason,name,phone,email,status");
  assert.match(
    lines[1] ?? "",
    /^3,invalid,phone: This is not a phone number of GH.*,Bad phone,12,,$/,
  );
  assert.match(lines[2] ?? "", /^4,invalid,email: .*,Bad mail,,nobody,$/);
  assert.match(lines[3] ?? "", /^5,invalid,status: /);
  assert.match(
    lines[4] ?? "",
    /^6,skipped,There is a lead with this phone number already\.,"Again, sir"/,
  );
  assert.match(
    lines[5] ?? "",
    /^7,skipped,The phone number or e-mail address is already in row 2\.,Twice/,
  );
  assert.match(lines[6] ?? "", /^8,invalid,The row has neither/);
  assert.equal(lines.length, 7);
  const injected = await imported(admin, 'name,phone\n"=1+1",12\n@SUM(A1),13\n');
  const [, first, second] = await errorLines(admin, injected.id);
  assert.match(first ?? "", /,'=1\+1,12$/);
  assert.match(second ?? "", /,'@SUM\(A1\),13$/);
});

Deno.test("on_duplicate=update fills what the row says, merges tags and custom fields, and writes history", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  await withDatabase((sql) =>
    sql`insert into public.lead_fields (organization_id, key, label, type, position) values
      (${id}, 'school', 'School', 'text', 1), (${id}, 'grade', 'Grade', 'text', 2)`
  );
  await imported(
    admin,
    "first name,last name,phone,email,tags,school,value\nAma,Mensah,0244000001,a@x.com,one,Achimota,10\nEsi,Two,,b@x.com,,,\n",
  );
  const result = await imported(
    admin,
    "first name,last name,phone,email,tags,grade,stage\n" +
      "Amma,,0244000001,,two;one,5,Contacted\n" +
      "Esi,Two,0244000009,B@X.com,,,\n" +
      "New,One,0244000010,,,,\n" +
      "Both,,0244000001,b@x.com,,,\n",
    { on_duplicate: "update" },
  );
  assert.deepEqual(
    [result.created, result.updated, result.skipped, result.invalid],
    [1, 2, 1, 0],
    JSON.stringify(result),
  );
  const leads = await leadsOf(id);
  assert.equal(leads.length, 3);
  const ama = leads.find(({ phone }) => phone === "+233244000001");
  assert.deepEqual(
    [
      ama?.first_name,
      ama?.last_name,
      ama?.email,
      ama?.tags,
      ama?.custom_fields,
      ama?.status,
      ama?.value,
      ama?.version,
    ],
    [
      "Amma",
      "Mensah",
      "a@x.com",
      ["one", "two"],
      { school: "Achimota", grade: "5" },
      "contacted",
      "10.00",
      2,
    ],
  );
  assert.equal(leads.find(({ email }) => email === "b@x.com")?.phone, "+233244000009");
  const history = await withDatabase((sql) =>
    sql`select from_status, to_status, changed_by from public.lead_history where lead_id = ${
      ama?.id ?? ""
    }`
  );
  assert.deepEqual(history.map((row) => ({ ...row })), [
    { from_status: "new", to_status: "contacted", changed_by: admin.userId },
  ]);
  const actors = await withDatabase((sql) =>
    sql`select distinct actor_id from public.audit_logs where organization_id = ${id} and resource = 'leads'`
  );
  assert.deepEqual(
    actors.map(({ actor_id }) => actor_id),
    [admin.userId],
    "the audit log names who imports",
  );
});

Deno.test("a move that the pipeline does not allow is not made by an import either", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  await withDatabase((sql) =>
    sql`update public.pipeline_stages set next_stages = '{contacted}' where organization_id = ${id} and key = 'new'`
  );
  await imported(admin, "name,phone\nAma,0244000001\n");
  const result = await imported(admin, "name,phone,stage\nAmma,0244000001,won\n", {
    on_duplicate: "update",
  });
  assert.deepEqual([result.updated, result.skipped], [0, 1]);
  const [lead] = await leadsOf(id);
  assert.deepEqual([lead?.first_name, lead?.status], ["Ama", "new"]);
});

Deno.test("consent is recorded for each row that gives it", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  const consent = {
    disclosure: "I agree to texts.",
    disclosure_version: "3",
    act: "Ticked a box",
    scope: "all",
  };
  const preview = await previewed(
    admin,
    "name,phone,opt-in,consent date\nYes,0244000001,yes,2026-05-01 10:30\nNo,0244000002,no,\nUnsaid,0244000003,,\nUndated,0244000004,y,\nNo phone,,yes,2026-05-01\n",
  );
  const { upload_id, suggested_mapping: mapping } = preview;
  const execute = (body: Record<string, unknown>) =>
    call(admin, "POST", "/leads/import/execute", { upload_id, mapping, ...body });
  expectProblem(await execute({}), 422, "invalid_field");
  const result = await ended(admin, await started(admin, preview, { consent }));
  assert.deepEqual([result.created, result.invalid], [4, 1], JSON.stringify(result));
  const consents = await withDatabase((sql) =>
    sql`select c.phone, c.event, c.scope, c.source, c.disclosure, c.disclosure_version, c.act, c.occurred_at, c.recorded_by,
        l.first_name
      from public.consents c join public.leads l on l.id = c.lead_id where c.organization_id = ${id}`
  );
  assert.deepEqual(consents.map((row) => ({ ...row })), [{
    phone: "+233244000001",
    event: "granted",
    scope: "all",
    source: "Import of leads.csv",
    disclosure: "I agree to texts.",
    disclosure_version: "3",
    act: "Ticked a box",
    occurred_at: new Date("2026-05-01T10:30:00Z"),
    recorded_by: admin.userId,
    first_name: "Yes",
  }]);

  const all = await imported(admin, "name,phone\nA,0244000005\nB,0244000006\n", {
    consent: { ...consent, occurred_at: "2026-04-01T00:00:00Z", source: "Fair" },
  });
  assert.equal(all.created, 2);
  const [count] = await withDatabase((sql) =>
    sql`select count(*)::int as n from public.consents where organization_id = ${id} and source = 'Fair'`
  );
  assert.equal(count?.["n"], 2);
});

Deno.test("new leads are assigned to whom the import names, up to their capacity, with one notification", async () => {
  const organization = await newOrganization({ country: "GH" });
  const counselor = await addMember(organization, "counselor");
  await withDatabase((sql) =>
    sql`insert into public.lead_holders (organization_id, user_id, capacity) values (${organization.id}, ${counselor.userId}, 2)`
  );
  const result = await imported(
    organization.admin,
    "name,phone\nA,0244000001\nB,0244000002\nC,0244000003\n",
    { assigned_to: counselor.userId },
  );
  assert.equal(result.created, 3);
  const leads = await leadsOf(organization.id);
  assert.deepEqual(leads.map(({ assigned_to }) => assigned_to), [
    counselor.userId,
    counselor.userId,
    null,
  ]);
  const notices = await withDatabase((sql) =>
    sql`select title from public.notifications where user_id = ${counselor.userId} and kind = 'assignment'`
  );
  assert.deepEqual(notices.map(({ title }) => title), ["2 leads were assigned to you"]);
  const stranger = await newOrganization();
  const preview = await previewed(organization.admin, "name,phone\nD,0244000004\n");
  expectProblem(
    await call(organization.admin, "POST", "/leads/import/execute", {
      upload_id: preview.upload_id,
      mapping: preview.suggested_mapping,
      assigned_to: stranger.admin.userId,
    }),
    422,
    "invalid_field",
  );
});

Deno.test("an upload is imported once, however often and at the same moment it is asked for", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  const preview = await previewed(admin, "name,phone\nA,0244000001\n");
  const body = { upload_id: preview.upload_id, mapping: preview.suggested_mapping };
  const execute = (headers = {}) => call(admin, "POST", "/leads/import/execute", body, headers);
  const answers = await Promise.all([execute(), execute(), execute()]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [202, 409, 409]);
  const problem = expectProblem(await execute(), 409, "upload_executed");
  const accepted = answers.find(({ status }) => status === 202)?.body as { import_id: string };
  assert.equal((problem as unknown as { import_id: string }).import_id, accepted.import_id);
  await ended(admin, accepted.import_id);
  expectProblem(await execute(), 409, "upload_executed");
  assert.equal((await leadsOf(id)).length, 1);
});

Deno.test("a repeat with the same Idempotency-Key gets the first answers and does nothing twice", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  const key = () => ({ "idempotency-key": crypto.randomUUID() });
  const headers = key();
  const send = () => sendLeads(admin, "name,phone\nA,0244000001\n", { headers });
  const [first, second] = [await send(), await send()];
  assert.deepEqual(expectStatus(first, 201), expectStatus(second, 201));
  const preview = first.body as { upload_id: string; suggested_mapping: unknown };
  const again = key();
  const execute = () =>
    call(admin, "POST", "/leads/import/execute", {
      upload_id: preview.upload_id,
      mapping: preview.suggested_mapping,
    }, again);
  const one = expectStatus<{ import_id: string }>(await execute(), 202);
  await ended(admin, one.import_id);
  assert.deepEqual(expectStatus(await execute(), 202), one);
  assert.equal((await leadsOf(id)).length, 1);
});

Deno.test("an import that has ended cannot be cancelled", async () => {
  const { admin } = await newOrganization({ country: "GH" });
  const { id } = await imported(admin, "name,phone\nA,0244000001\n");
  expectProblem(await call(admin, "POST", `/leads/import/${id}/cancel`), 409, "import_ended");
});

Deno.test("imports are listed, newest first, to those who may import", async () => {
  const organization = await newOrganization({ country: "GH" });
  await imported(organization.admin, "name,phone\nA,0244000001\n");
  const last = await imported(organization.admin, "name,phone\nB,0244000002\n");
  const manager = await addMember(organization, "manager");
  const page = expectStatus<{ total: number; data: { id: string }[] }>(
    await call(manager, "GET", "/leads/import?limit=1"),
    200,
  );
  assert.deepEqual([page.total, page.data.map(({ id }) => id)], [2, [last.id]]);
  const counselor = await addMember(organization, "counselor");
  for (
    const [method, path] of [
      ["GET", "/leads/import"],
      ["GET", `/leads/import/${last.id}`],
      ["GET", `/leads/import/${last.id}/errors`],
      ["POST", `/leads/import/${last.id}/cancel`],
    ] as const
  ) {
    expectProblem(await call(counselor, method, path), 403, "permission_denied");
  }
  expectProblem(await sendLeads(counselor, "name\nA\n"), 403, "permission_denied");
});
