import assert from "node:assert/strict";
import {
  type ClientImportBody,
  countsOf,
  endedClients,
  importedClients,
  previewedClients,
  sendClients,
  startedClients,
} from "../support/client_import.ts";
import {
  type ClientBody,
  type ClientPage,
  dayFromNow,
  move,
  readClient,
} from "../support/clients.ts";
import { database } from "../support/db.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { addMembers, newOrganization } from "../support/people.ts";
import { workbook } from "../fixtures/sheets.ts";

async function byName(session: Caller): Promise<Map<string, ClientBody>> {
  const page = expectStatus<ClientPage>(await call(session, "GET", "/clients?limit=200"), 200);
  return new Map(page.data.map((client) => [client.name, client]));
}

/** The spells of an organization's clients: name, first day, first day without service, reason. */
const spellsOf = async (organizationId: string): Promise<string[]> =>
  (await database()<{ spell: string }[]>`
    select concat_ws(' ', c.name, s.starts_on, s.ends_on, s.reason) as spell
    from public.client_spells s join public.clients c on c.id = s.client_id
    where s.organization_id = ${organizationId} order by c.name, s.starts_on`).map(({ spell }) =>
    spell
  );

const movements = async (organizationId: string): Promise<number> =>
  (await database()<{ n: number }[]>`
    select count(*)::int as n from public.client_movements where organization_id = ${organizationId}`)[
    0
  ]?.n ?? -1;

const file = [
  "Company,Client ID,Segment,Client since,Churned on,Churn reason,MRR,Phone,E-mail,Contact person,Contact email,Fleet",
  'Volta Foods,C-1,Enterprise,01/03/2024,,,"GHS 1,234.50",0244100100,INFO@volta.example,Ama Mensah,ama@volta.example,12',
  "Accra Steel,C-2,,2022-01-10,2024-06-01,too expensive,500,,,,,",
  "Kumasi Cloth,C-3,,March 2023,2024-01-01,price,100,,,,,",
  "Kumasi Cloth,C-3,,2025-02-01,,,150,,,,,",
  "Tema Port,,,,,,,0244100101,,,,",
  "Bad Days,C-5,,2024-05-01,2024-04-01,,10,,,,,",
  "No Segment,C-6,nowhere,2024-05-01,,,10,,,,,",
].join("\n");

Deno.test("A file of clients becomes clients with contacts, what they pay, and past times of service", async () => {
  const { admin, id } = await newOrganization();
  const preview = await previewedClients(admin, file, {
    mapping: {
      "Company": "name",
      "Client ID": "external_id",
      "Segment": "segment",
      "Client since": "since",
      "Churned on": "churned_on",
      "Churn reason": "churn_reason",
      "MRR": "mrr",
      "Phone": "phone",
      "E-mail": "email",
      "Contact person": "contact_name",
      "Contact email": "contact_email",
      "Fleet": "custom_fields.fleet",
    },
  });
  // Everything but the organization's own field is known by its header.
  assert.deepEqual({ ...preview.suggested_mapping, 11: "custom_fields.fleet" }, preview.mapping);
  assert.equal(preview.total_rows, 7);
  assert.deepEqual(preview.errors.map(({ row, field }) => [row, field]), [[7, "churned_on"], [
    8,
    "segment",
  ]]);
  assert.deepEqual([preview.duplicates.in_file, preview.duplicates.in_organization], [0, 0]);
  assert.equal((await byName(admin)).size, 0, "a preview changes nothing");

  const done = await endedClients(
    admin,
    await startedClients(admin, preview, { observed_from: "2022-01-01" }),
  );
  assert.equal(done.status, "done");
  assert.equal(done.observed_from, "2022-01-01");
  assert.deepEqual(countsOf(done), { created: 4, updated: 1, skipped: 0, invalid: 2 });
  const clients = await byName(admin);
  const volta = clients.get("Volta Foods");
  assert(volta !== undefined);
  assert.deepEqual(
    [volta.status, volta.since, volta.mrr, volta.segment, volta.phone, volta.email],
    ["active", "2024-03-01", "1234.50", "enterprise", "+233244100100", "info@volta.example"],
  );
  assert.deepEqual(volta.custom_fields, { fleet: "12" });
  const [contact] = (await readClient(admin, volta.id)).contacts;
  assert.deepEqual([contact?.name, contact?.email, contact?.is_primary], [
    "Ama Mensah",
    "ama@volta.example",
    true,
  ]);
  assert.equal(clients.get("Tema Port")?.status, "prospect", "nothing says that it is in service");
  assert.deepEqual(await spellsOf(id), [
    "Accra Steel 2022-01-10 2024-06-01 price",
    "Kumasi Cloth 2023-03-01 2024-01-01 price",
    "Kumasi Cloth 2025-02-01",
    "Volta Foods 2024-03-01",
  ]);
  const seen = await database()<{ observed_from: string }[]>`
    select observed_from::text from public.client_spells where organization_id = ${id} order by starts_on`;
  assert.deepEqual(seen.map(({ observed_from }) => observed_from), [
    "2022-01-10",
    "2023-03-01",
    "2024-03-01",
    "2025-02-01",
  ], "the whole service of all was seen");

  const errorFile = expectStatus<string>(
    await call(admin, "GET", `/clients/import/${done.id}/errors`),
    200,
  );
  const { columns, suggested_mapping } = await previewedClients(admin, errorFile);
  assert.deepEqual(columns.slice(0, 5).map(({ index }) => suggested_mapping[index]), [
    undefined,
    undefined,
    undefined,
    "name",
    "external_id",
  ], "once corrected, the error file can be sent as it is");
  const errors = errorFile.replace("\uFEFF", "").trimEnd().split("\r\n");
  assert(errors[0]?.startsWith("row,result,reason,Company,Client ID"), errors[0]);
  assert(
    errors[1]?.startsWith('7,invalid,"churned_on: The client left before its first day'),
    errors[1],
  );
  assert(errors[2]?.startsWith("8,invalid,segment: This is not a segment"), errors[2]);
});

Deno.test("The same file again changes nothing, whether duplicates are skipped or update", async () => {
  const { admin, id } = await newOrganization();
  await importedClients(admin, file);
  const [spells, entries] = [await spellsOf(id), await movements(id)];
  const skipped = await importedClients(admin, file);
  assert.deepEqual(countsOf(skipped), { created: 0, updated: 0, skipped: 5, invalid: 2 });
  const updated = await importedClients(admin, file, { on_duplicate: "update" });
  assert.deepEqual(countsOf(updated), { created: 0, updated: 5, skipped: 0, invalid: 2 });
  assert.deepEqual(await spellsOf(id), spells);
  assert.equal(await movements(id), entries);
  assert([...(await byName(admin)).values()].every(({ version }) => version === 1));
  const audited = await database()<{ n: number }[]>`
    select count(*)::int as n from public.audit_logs
    where organization_id = ${id} and resource = 'clients' and action = 'update'`;
  assert.equal(audited[0]?.n, 0);
});

Deno.test("An update changes what the file has, enters an amount from today on, an end and a return", async () => {
  const { admin, id } = await newOrganization();
  await importedClients(
    admin,
    "name,client id,since,mrr,region\nA,1,2024-01-01,100,North\nB,2,2024-01-01,50,\nC,3,2024-01-01,50,\n",
  );
  const before = await byName(admin);
  await move(admin, before.get("C")?.id ?? "", "churn", {
    effective_on: "2025-01-01",
    reason: "service",
  });
  const again = await importedClients(
    admin,
    [
      "name,client id,since,churned_on,mrr,region,contact",
      "A,1,2024-01-01,,120,,Ama",
      "B,2,,2025-03-01,,,",
      "C,3,2025-06-01,,70,,",
    ].join("\n"),
    { on_duplicate: "update" },
  );
  assert.deepEqual(countsOf(again), { created: 0, updated: 3, skipped: 0, invalid: 0 });
  const after = await byName(admin);
  assert.deepEqual(
    [after.get("A")?.mrr, after.get("A")?.region, after.get("A")?.contacts[0]?.name],
    ["120.00", "North", "Ama"],
  );
  assert.deepEqual([after.get("B")?.status, after.get("C")?.status, after.get("C")?.mrr], [
    "churned",
    "active",
    "70.00",
  ]);
  assert.deepEqual(await spellsOf(id), [
    "A 2024-01-01",
    "B 2024-01-01 2025-03-01 unknown",
    "C 2024-01-01 2025-01-01 service",
    "C 2025-06-01",
  ]);
  const [entry] = await database()<{ day: string; kind: string }[]>`
    select m.day::text, m.kind from public.client_movements m join public.clients c on c.id = m.client_id
    where c.organization_id = ${id} and c.name = 'A' order by m.recorded_at desc limit 1`;
  assert.deepEqual(entry, { day: dayFromNow(0), kind: "expansion" });
});

Deno.test("What contradicts the ledger is refused by row, with the reason", async () => {
  const { admin } = await newOrganization();
  await importedClients(
    admin,
    "name,client id,since,churned_on,mrr\nA,1,2024-01-01,2024-06-01,10\nB,2,2024-01-01,,10\nC,3,2024-01-01,,10\n",
  );
  const { id: c } = (await byName(admin)).get("C") ?? assert.fail();
  await move(admin, c, "mrr", { amount: 5, contract: "second" });
  const refused = await importedClients(
    admin,
    [
      "name,client id,since,churned_on,mrr,status",
      "A,1,2024-01-01,2024-07-01,,",
      "A,1,,,20,",
      "B,2,2023-06-01,,,",
      "C,3,,,99,",
      "D,4,,2024-01-01,,",
      "E,5,2024-01-01,,,churned",
      "F,6,2099-01-01,,,",
    ].join("\n"),
    { on_duplicate: "update" },
  );
  assert.deepEqual(countsOf(refused), { created: 0, updated: 0, skipped: 0, invalid: 7 });
  const lines = expectStatus<string>(
    await call(admin, "GET", `/clients/import/${refused.id}/errors`),
    200,
  );
  for (
    const reason of [
      "known to have left on 2024-06-01",
      "a return needs its first day",
      "known to have been in service from 2024-01-01 to today",
      "has several contracts",
      "since: The first day of service is missing",
      "The client has left; the day is missing",
      "more than ten years ahead",
    ]
  ) assert(lines.includes(reason), `${reason} in ${lines}`);
});

Deno.test("A day to come is planned, a trial is no service, and rows of one client are one client", async () => {
  const { admin } = await newOrganization();
  const done = await importedClients(
    admin,
    [
      "name,account number,email,since,churned_on,mrr,interval,status",
      `Soon,7.0,,${dayFromNow(30)},,12,,`,
      `Going,8,,2024-01-01,${dayFromNow(10)},1200,yearly,`,
      "Trying,9,,,,,,trial",
      "Twice,,twice@example.com,,,,,",
      "Twice,,TWICE@example.com,,,,,",
      "Named only,,,,,,,",
      "Named only,,,,,,,",
    ].join("\n"),
  );
  assert.deepEqual(countsOf(done), { created: 5, updated: 0, skipped: 2, invalid: 0 });
  const clients = await byName(admin);
  assert.equal(clients.get("Soon")?.status, "prospect");
  assert.deepEqual([clients.get("Going")?.mrr, clients.get("Going")?.leaves_on], [
    "100.00",
    dayFromNow(10),
  ]);
  assert.equal(clients.get("Trying")?.status, "trial");
  const planned = expectStatus<{ planned: { movement: string; effective_on: string }[] }>(
    await call(admin, "GET", `/clients/${clients.get("Soon")?.id}/movements`),
    200,
  ).planned;
  assert.deepEqual(planned.map(({ movement, effective_on }) => [movement, effective_on]), [[
    "mrr",
    dayFromNow(30),
  ]]);
});

Deno.test("A workbook is read like a CSV file, with dates and codes as cells have them", async () => {
  const { admin, id } = await newOrganization();
  const done = await importedClients(
    admin,
    workbook({
      Clients: [
        ["Our clients"],
        ["Client", "Contract code", "Since", "Monthly revenue"],
        ["Volta Foods", 1234, "2024-02-03", 99.5],
      ],
    }),
  );
  assert.deepEqual(countsOf(done), { created: 1, updated: 0, skipped: 0, invalid: 0 });
  assert.deepEqual(await spellsOf(id), ["Volta Foods 2024-02-03"]);
  const volta = (await byName(admin)).get("Volta Foods");
  assert.equal(volta?.mrr, "99.50");
});

Deno.test("A file with only those who left, or only those who stayed, is warned of", async () => {
  const { admin } = await newOrganization();
  const warnings = async (rows: string) =>
    (await previewedClients(admin, `name,since,churned_on\n${rows}`)).warnings.map(({ message }) =>
      message
    ).join();
  assert.match(
    await warnings("A,2024-01-01,2024-02-01\nB,2024-01-01,2024-02-01\n"),
    /Every client of this file has left/,
  );
  assert.match(await warnings("A,2024-01-01,\nB,2024-01-01,\n"), /No client of this file has left/);
  assert.equal(await warnings("A,2024-01-01,\nB,2024-01-01,2024-02-01\n"), "");
});

Deno.test("Who imports clients is in the role table; leads' imports and clients' are apart", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const [marketing, technical, viewer] = await addMembers(organization, [
    { role: "marketing_agent" },
    { role: "technical_agent" },
    { role: "viewer" },
  ]);
  assert(marketing && technical && viewer);
  for (const person of [technical, viewer]) {
    expectProblem(await sendClients(person, "name\nA\n"), 403, "permission_denied");
    expectProblem(await call(person, "GET", "/clients/import"), 403, "permission_denied");
    expectProblem(await call(person, "GET", "/clients/export"), 403, "permission_denied");
  }
  const done = await importedClients(marketing, "name,client id\nA,1\n");
  assert.equal(done.created, 1);
  expectStatus(await call(marketing, "GET", "/clients/export"), 200);
  expectProblem(await call(admin, "GET", `/leads/import/${done.id}`), 404, "not_found");
  expectProblem(await call(marketing, "GET", "/leads/import"), 403, "permission_denied");
  const list = (path: string) =>
    call(admin, "GET", path).then((answer) => expectStatus<{ total: number }>(answer, 200).total);
  assert.deepEqual([await list("/clients/import"), await list("/leads/import")], [1, 0]);
  const stranger = (await newOrganization()).admin;
  expectProblem(await call(stranger, "GET", `/clients/import/${done.id}`), 404, "not_found");
  const preview = await previewedClients(admin, "name\nB\n");
  const { upload_id, mapping } = preview;
  for (const [person, path] of [[stranger, "clients"], [admin, "leads"]] as const) {
    const answer = await call(person, "POST", `/${path}/import/execute`, {
      upload_id,
      mapping: { 0: path === "leads" ? "full_name" : "name" },
    });
    expectProblem(answer, 404, "not_found");
  }
  expectStatus(await call(admin, "DELETE", `/clients/import/uploads/${upload_id}`), 204);
  expectProblem(
    await call(admin, "POST", "/clients/import/execute", { upload_id, mapping }),
    404,
    "not_found",
  );
});

Deno.test("An upload is imported once, also under load and with a repeated key", async () => {
  const { admin } = await newOrganization();
  const preview = await previewedClients(admin, "name,client id\nA,1\n");
  const { upload_id, mapping } = preview;
  const body = { upload_id, mapping };
  const headers = { "Idempotency-Key": crypto.randomUUID() };
  const first = expectStatus<{ import_id: string }>(
    await call(admin, "POST", "/clients/import/execute", body, headers),
    202,
  );
  const repeat = await call(admin, "POST", "/clients/import/execute", body, headers);
  assert.deepEqual(expectStatus(repeat, 202), first);
  expectProblem(await call(admin, "POST", "/clients/import/execute", body), 409, "upload_executed");
  const done = await endedClients(admin, first.import_id);
  assert.deepEqual(countsOf(done), { created: 1, updated: 0, skipped: 0, invalid: 0 });
  for (
    const wrong of [{ mapping: { name: "full_name" } }, { mapping: {} }, {
      observed_from: dayFromNow(5),
    }]
  ) {
    const { upload_id } = await previewedClients(admin, "name\nB\n");
    expectProblem(
      await call(admin, "POST", "/clients/import/execute", {
        upload_id,
        mapping: { name: "name" },
        ...wrong,
      }),
      422,
    );
  }
});

Deno.test("Files that wait are listed and deleted; an import under way is canceled, and what it wrote stays", async () => {
  const { admin, id } = await newOrganization();
  const waiting = await previewedClients(admin, "Company\nAccra Steel\n");
  const page = expectStatus<{ data: { upload_id: string; total_rows: number }[]; total: number }>(
    await call(admin, "GET", "/clients/import/uploads"),
    200,
  );
  assert.deepEqual([page.total, page.data[0]?.upload_id, page.data[0]?.total_rows], [
    1,
    waiting.upload_id,
    1,
  ]);
  const path = `/clients/import/uploads/${waiting.upload_id}`;
  expectStatus(await call(admin, "DELETE", path), 204);
  expectProblem(await call(admin, "DELETE", path), 404, "not_found");

  const rows = Array.from({ length: 10_000 }, (_, index) => `Client ${index}\n`);
  const started = await startedClients(
    admin,
    await previewedClients(admin, `Company\n${rows.join("")}`),
  );
  const canceled = await call(admin, "POST", `/clients/import/${started}/cancel`);
  assert.equal(expectStatus<ClientImportBody>(canceled, 200).status, "canceled");
  const { created } = await endedClients(admin, started);
  const [written] = await database()<{ n: number }[]>`
    select count(*)::int as n from public.clients where organization_id = ${id}`;
  assert(created < rows.length);
  assert.equal(written?.n, created);
  expectProblem(
    await call(admin, "POST", `/clients/import/${started}/cancel`),
    409,
    "import_ended",
  );
});
