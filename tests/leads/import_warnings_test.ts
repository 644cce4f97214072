import assert from "node:assert/strict";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  ended,
  errorLines,
  type ImportBody,
  leadsOf,
  type PreviewBody,
  previewed,
  started,
} from "../support/lead_import.ts";
import { addMember, newOrganization } from "../support/people.ts";

interface Warned extends PreviewBody {
  header_row: number;
  hidden_rows: number;
  warnings: { row: number; field: string; value: string | null; message: string }[];
}

Deno.test("an optional contact that cannot be read is left out with a warning, in preview and result", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  const file = "Full name,Mobile,E-mail\nAma A,0244199911,a@b\nEsi B,n/a,esi@example.com\n" +
    'Kofi C,0244199913,"-"\nYaw D,none,nil\nAbena E,0244,abena\nZoe F,1,234.50,f@example.com\n';
  const preview = await previewed(admin, file) as Warned;
  assert.deepEqual(preview.warnings.map(({ row, field, value }) => [row, field, value]), [
    [2, "email", "a@b"],
  ]);
  assert.deepEqual(preview.errors.map(({ row, field }) => [row, field]), [
    [6, "phone"],
    [6, "email"],
    [7, ""],
  ]);
  const done = await ended(admin, await started(admin, preview)) as ImportBody & { warned: number };
  assert.deepEqual([done.created, done.invalid, done.warned], [4, 2, 1]);
  const leads = await leadsOf(id);
  assert.deepEqual(leads.map(({ first_name, phone, email }) => [first_name, phone, email]), [
    ["Ama", "+233244199911", null],
    ["Kofi", "+233244199913", null],
    ["Esi", null, "esi@example.com"],
    ["Yaw", null, null],
  ]);
  const lines = await errorLines(admin, done.id);
  assert(lines.some((line) => line.startsWith("2,") && line.includes("a@b")), lines.join("\n"));
});

Deno.test("a delimiter at the end of the header gives no room for half of an amount", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  const file = "Full name,Mobile,Value,\nAma,0244199921,1,234.50\nEsi,0244199922,5,\n";
  const preview = await previewed(admin, file);
  assert.deepEqual(preview.errors.map(({ row, field }) => [row, field]), [[2, ""]]);
  const done = await ended(admin, await started(admin, preview));
  assert.deepEqual([done.created, done.invalid], [1, 1]);
  assert.deepEqual(
    (await leadsOf(id)).map(({ first_name, value }) => [first_name, Number(value)]),
    [
      ["Esi", 5],
    ],
  );
});

Deno.test("a header below other rows is found, and header_row overrules the search", async () => {
  const { admin } = await newOrganization({ country: "GH" });
  const file = "Leads of the open day,Prepared by Ama\n\nFull name,Mobile,E-mail\n" +
    "Ama Mensah,0244199904,ama4@example.com\nKofi Boateng,0244199905,\n";
  const found = await previewed(admin, file) as Warned;
  assert.deepEqual([found.header_row, found.total_rows, found.errors], [3, 2, []]);
  assert.deepEqual(found.columns.map(({ name }) => name), ["Full name", "Mobile", "E-mail"]);
  const form = new FormData();
  form.append("header_row", "4");
  form.append("file", new File([file], "leads.csv"));
  const given = expectStatus<Warned>(
    await call(admin, "POST", "/leads/import/preview", form),
    201,
  );
  assert.deepEqual([given.header_row, given.total_rows], [4, 1]);
  assert.deepEqual(given.columns.map(({ name }) => name), [
    "Ama Mensah",
    "0244199904",
    "ama4@example.com",
  ]);
});

Deno.test("files that wait are listed and deleted, and a person's oldest give way", async () => {
  const organization = await newOrganization({ country: "GH" });
  const { admin } = organization;
  const other = await addMember(organization, "admin");
  const file = "Full name,Mobile\nAma Mensah,0244199904\n";
  const kept = await previewed(other, file, { name: "kept.csv" });
  const names = Array.from({ length: 12 }, (_, index) => `${index}.csv`);
  const uploads: PreviewBody[] = [];
  for (const name of names) uploads.push(await previewed(admin, file, { name }));
  const page = expectStatus<{ data: { file_name: string; total_rows: number }[]; total: number }>(
    await call(admin, "GET", "/leads/import/uploads"),
    200,
  );
  assert.deepEqual(page.data.map(({ file_name, total_rows }) => [file_name, total_rows]), [
    ...names.slice(2).reverse().map((name) => [name, 1]),
    ["kept.csv", 1],
  ]);
  const first = { upload_id: uploads[0]?.upload_id ?? "", mapping: { 0: "full_name", 1: "phone" } };
  expectProblem(await call(admin, "POST", "/leads/import/execute", first), 404, "not_found");
  const path = `/leads/import/uploads/${kept.upload_id}`;
  const stranger = await newOrganization();
  expectProblem(await call(stranger.admin, "DELETE", path), 404, "not_found");
  expectStatus(await call(admin, "DELETE", path), 204);
  expectProblem(await call(admin, "DELETE", path), 404, "not_found");
});
