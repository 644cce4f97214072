import assert from "node:assert/strict";
import * as XLSX from "@e965/xlsx";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { ended, leadsOf, previewed, started } from "../support/lead_import.ts";
import {
  addMember,
  addMemberWith,
  newOrganization,
  newTeam,
  type Organization,
  type Session,
} from "../support/people.ts";
import { functionUrl, stackUnderTest } from "../support/stack.ts";

async function addLeads({ id, admin }: Organization): Promise<void> {
  await withDatabase((sql) =>
    sql`insert into public.lead_fields (organization_id, key, label, type, choices, position) values
      (${id}, 'note', 'Note', 'text', '{}', 1), (${id}, 'subjects', 'Subjects', 'choices', '{Art,Law}', 2)`
  );
  await withDatabase((sql) =>
    sql`insert into public.leads (organization_id, first_name, last_name, email, phone, value, tags, custom_fields, created_by)
      values (${id}, '=1+1', 'Mensah', '+a@x.com', '+233244000001', 12.5, '{hot,web}',
          '{"note": "@SUM(A1)", "subjects": ["Art", "Law"]}', ${admin.userId}),
        (${id}, 'Kofi "K"', 'B, C', null, '+233244000002', 0, '{}', '{}', ${admin.userId})`
  );
}

const head =
  "id,first_name,last_name,email,phone,source,status,outcome,value,currency,tags,time_zone,country,region," +
  "assigned_to,created_by,sla_status,sla_deadline,created_at,updated_at,note,subjects";

async function exported(session: Session, query = ""): Promise<string[]> {
  const file = expectStatus<string>(await call(session, "GET", `/leads/export${query}`), 200);
  return file.replace("\uFEFF", "").trimEnd().split("\r\n");
}

Deno.test("GET /leads/export gives every lead that matches, custom fields too, with formulas escaped", async () => {
  const organization = await newOrganization({ country: "GH" });
  await addLeads(organization);
  const [columns, first, second, ...more] = await exported(organization.admin);
  assert.equal(columns, head);
  assert.match(
    first ?? "",
    /^[0-9a-f-]{36},'=1\+1,Mensah,'\+a@x\.com,'\+233244000001,manual,new,,12\.50,GHS,"hot; web",,,,,Test Person,.*,'@SUM\(A1\),"Art; Law"$/,
  );
  assert.match(second ?? "", /,"Kofi ""K""","B, C",,'\+233244000002,/);
  assert.deepEqual(more, []);
  assert.equal((await exported(organization.admin, "?tag=hot")).length, 2);
  assert.equal((await exported(organization.admin, "?search=nobody")).length, 1);
});

Deno.test("what was exported can be imported again", async () => {
  const [from, to] = [
    await newOrganization({ country: "GH" }),
    await newOrganization({ country: "GH" }),
  ];
  await addLeads(from);
  await withDatabase((sql) =>
    sql`insert into public.lead_fields (organization_id, key, label, type, choices, position)
      select ${to.id}, key, label, type, choices, position from public.lead_fields where organization_id = ${from.id}`
  );
  const file = expectStatus<string>(await call(from.admin, "GET", "/leads/export"), 200);
  const result = await ended(to.admin, await started(to.admin, await previewed(to.admin, file)));
  assert.deepEqual([result.created, result.invalid], [2, 0], JSON.stringify(result));
  const part = (leads: Awaited<ReturnType<typeof leadsOf>>) =>
    leads.map(({ first_name, last_name, email, phone, value, tags, custom_fields }) => ({
      first_name,
      last_name,
      email,
      phone,
      value,
      tags,
      custom_fields,
    }));
  assert.deepEqual(part(await leadsOf(to.id)), part(await leadsOf(from.id)));
});

Deno.test("GET /leads/export?format=xlsx gives a workbook with numbers, dates and local times, and no formula", async () => {
  const organization = await newOrganization({ country: "GH" });
  await addLeads(organization);
  await withDatabase((sql) =>
    sql`insert into public.lead_fields (organization_id, key, label, type, choices, position) values
      (${organization.id}, 'size', 'Size', 'number', '{}', 3), (${organization.id}, 'born', 'Born', 'date', '{}', 4),
      (${organization.id}, 'agreed', 'Agreed', 'boolean', '{}', 5)`
  );
  await withDatabase((sql) =>
    sql`update public.leads set custom_fields = custom_fields || '{"size": 7, "born": "2010-02-28", "agreed": true}'
      where organization_id = ${organization.id} and first_name = '=1+1'`
  );
  const response = await fetch(functionUrl("/leads/export?format=xlsx"), {
    headers: {
      authorization: `Bearer ${organization.admin.accessToken}`,
      apikey: stackUnderTest().publishable_key,
    },
  });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-disposition") ?? "", /leads\.xlsx/);
  const book = XLSX.read(new Uint8Array(await response.arrayBuffer()), { cellFormula: true });
  const sheet = book.Sheets[book.SheetNames[0] ?? ""] ?? {};
  const rows = XLSX.utils.sheet_to_json<unknown[]>(sheet, { header: 1, defval: "" });
  assert.deepEqual(rows[0], [...head.split(","), "size", "born", "agreed"]);
  assert.deepEqual(rows[1]?.slice(1, 5), ["=1+1", "Mensah", "+a@x.com", "+233244000001"]);
  assert.equal(rows.length, 3);
  const kinds = ["I2", "S2", "W2", "X2", "Y2"].map((place) => sheet[place]?.t);
  assert.deepEqual(kinds, ["n", "n", "n", "n", "b"], JSON.stringify(rows[1]));
  assert.deepEqual([sheet["I2"]?.v, sheet["W2"]?.v, sheet["X2"]?.v], [12.5, 7, 40_237]);
  for (const [place, cell] of Object.entries(sheet)) {
    if (!place.startsWith("!")) assert.equal(cell.f, undefined, place);
  }
});

Deno.test("GET /leads/export gives no more than its permission reaches", async () => {
  const organization = await newOrganization({ country: "GH" });
  const { id } = organization;
  const manager = await addMember(organization, "manager");
  const counselor = await addMember(organization, "counselor");
  const exporter = await addMemberWith(organization, ["leads:export"]);
  const team = await newTeam(organization, [manager, exporter]);
  await withDatabase(async (sql) => {
    await sql`update public.role_permissions set scope = 'own' where permission = 'leads:export' and role_id = (
      select role_id from public.memberships where user_id = ${exporter.userId})`;
    await sql`insert into public.leads (organization_id, first_name, team_id, assigned_to) values
      (${id}, 'Of nobody', null, null), (${id}, 'Of the team', ${team}, null),
      (${id}, 'Of the exporter', null, ${exporter.userId}), (${id}, 'Of the counselor', null, ${counselor.userId})`;
    await sql`insert into public.leads (organization_id, first_name, deleted_at) values (${id}, 'Deleted', now())`;
  });
  const names = async (session: Session) =>
    (await exported(session)).slice(1).map((line) => line.split(",")[1]).sort();
  assert.deepEqual(await names(organization.admin), [
    "Of nobody",
    "Of the counselor",
    "Of the exporter",
    "Of the team",
  ]);
  // The exporter's leads are its team's.
  assert.deepEqual(await names(manager), ["Of the exporter", "Of the team"]);
  assert.deepEqual(await names(exporter), ["Of the exporter"]);
  expectProblem(await call(counselor, "GET", "/leads/export"), 403, "permission_denied");
  expectProblem(await call(null, "GET", "/leads/export"), 401, "not_signed_in");
  const stranger = await newOrganization({ country: "GH" });
  assert.equal((await exported(stranger.admin)).length, 1);
  for (const query of ["?format=pdf", "?assigned_to=x", "?created_from=yesterday"]) {
    expectProblem(
      await call(organization.admin, "GET", `/leads/export${query}`),
      422,
      "invalid_field",
    );
  }
});
