import assert from "node:assert/strict";
import { encode, utf8, workbook } from "../fixtures/sheets.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  ended,
  imported,
  leadsOf,
  type PreviewBody,
  previewed,
  sendLeads,
  started,
} from "../support/lead_import.ts";
import { newOrganization } from "../support/people.ts";

Deno.test("POST /leads/import/preview shows rows, faults and duplicates, and changes nothing", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  await imported(admin, "name,phone,email\nKnown,0244000001,k@x.com\n");
  const preview = await previewed(
    admin,
    "Contacts of the fair\n\nName,Mobile,Mail,Shoe size\nA,0244000002,,40\nB,12,,\nC,0244000002,,\nD,,K@X.com,\n",
  );
  assert.deepEqual(preview.columns.map(({ name }) => name), [
    "Name",
    "Mobile",
    "Mail",
    "Shoe size",
  ]);
  assert.deepEqual(preview.suggested_mapping, { 0: "full_name", 1: "phone", 2: "email" });
  assert.deepEqual([preview.total_rows, preview.analyzed_rows], [4, 4]);
  assert.deepEqual(preview.errors.map(({ row, field, value }) => [row, field, value]), [
    [5, "phone", "12"],
  ]);
  assert.deepEqual(preview.preview.map(({ row, first_name, phone }) => [row, first_name, phone]), [
    [4, "A", "+233244000002"],
    [6, "C", "+233244000002"],
    [7, "D", undefined],
  ]);
  const [known] = await leadsOf(id);
  assert.deepEqual(preview.duplicates, {
    in_file: 1,
    in_organization: 1,
    rows: [
      { row: 6, field: "phone", in: "file", first_row: 4, lead_id: null },
      { row: 7, field: "email", in: "organization", first_row: null, lead_id: known?.id ?? "" },
    ],
  });
  assert.equal((await leadsOf(id)).length, 1);
});

Deno.test("another mapping is tried on a file that is there, by header or by index", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  const preview = await previewed(admin, "who,reach\nAma Mensah,0244000001\n");
  assert.deepEqual(preview.suggested_mapping, {});
  const form = new FormData();
  form.append("upload_id", preview.upload_id);
  form.append("mapping", JSON.stringify({ who: "full_name", 1: "phone" }));
  const again = expectStatus<PreviewBody>(
    await call(admin, "POST", "/leads/import/preview", form),
    201,
  );
  assert.equal(again.upload_id, preview.upload_id);
  assert.deepEqual(again.mapping, { 0: "full_name", 1: "phone" });
  assert.equal(again.preview[0]?.["phone"], "+233244000001");
  const execute = (mapping: Record<string, string>) =>
    call(admin, "POST", "/leads/import/execute", { upload_id: preview.upload_id, mapping });
  for (
    const [mapping, path] of [
      [{ nobody: "phone" }, "mapping.nobody"],
      [{ who: "shoe_size" }, "mapping.who"],
      [{ who: "custom_fields.none" }, "mapping.who"],
      [{ who: "phone", reach: "phone" }, "mapping.reach"],
      [{ who: "source" }, "mapping"],
      [{}, "mapping"],
    ] as const
  ) {
    const problem = expectProblem(await execute(mapping), 422, "invalid_field");
    assert.deepEqual(problem.errors?.map((error) => error.path), [path]);
  }
  const { import_id } = expectStatus<{ import_id: string }>(
    await execute({ who: "full_name", reach: "phone" }),
    202,
  );
  await ended(admin, import_id);
  assert.equal((await leadsOf(id))[0]?.last_name, "Mensah");
});

Deno.test("a workbook is imported like a file of text", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  for (const bookType of ["xlsx", "biff8"] as const) {
    const bytes = workbook({
      Leads: [
        ["My leads"],
        ["Name", "Phone", "Value", "Since"],
        ['Ama, the "first"', bookType === "xlsx" ? 244000001 : 244000011, 12.5, "x"],
        ["=1+1", bookType === "xlsx" ? "0244000002" : "0244000012", null, null],
      ],
    }, { bookType });
    const preview = await previewed(admin, bytes, { name: `leads.${bookType}` });
    assert.deepEqual(preview.preview.map(({ row }) => row), [3, 4]);
    assert.deepEqual(preview.errors, []);
    const result = await ended(admin, await started(admin, preview));
    assert.equal(result.created, 2, JSON.stringify(result));
  }
  const leads = await leadsOf(id);
  assert.deepEqual(leads.map(({ phone, value }) => [phone, value]), [
    ["+233244000001", "12.50"],
    ["+233244000002", "0.00"],
    ["+233244000011", "12.50"],
    ["+233244000012", "0.00"],
  ]);
  assert.ok(leads.some(({ first_name, last_name }) => `${first_name}${last_name}` === "=1+1"));
});

Deno.test("a file is read in every encoding, delimiter and line end that offices save", async () => {
  const { admin } = await newOrganization({ country: "GH" });
  const text = "name;phone\r\nRenée Müller;0244000001\r\n";
  const files: Record<string, Uint8Array | string> = {
    "UTF-8": text,
    "UTF-8 with mark": `\uFEFF${text}`,
    "UTF-16LE with mark": encode(`\uFEFF${text}`, "utf-16le"),
    "UTF-16BE": encode(text, "utf-16be"),
    "Windows-1252": encode(text, "latin1"),
    "tabs": text.replaceAll(";", "\t"),
    "Excel's hint": `sep=|\r\n${text.replaceAll(";", "|")}`,
    "old Mac": text.replaceAll("\r\n", "\r"),
    "no last line end": text.trimEnd(),
    "Windows-1252 far below": join(
      `name;phone\n${"Ama;0244000002\n".repeat(10_000)}`,
      encode("Renée Müller;0244000001\n", "latin1"),
    ),
  };
  for (const [kind, file] of Object.entries(files)) {
    const preview = await previewed(admin, file);
    if (kind.endsWith("below")) {
      assert.equal(preview.total_rows, 10_001);
      const [piece] = await withDatabase((sql) =>
        sql`select content from private.lead_upload_pieces where upload_id = ${preview.upload_id}
          order by position desc limit 1`
      );
      // What was no UTF-8 is followed by the mark of damaged characters, which the reader removes.
      assert.match(piece?.["content"].replaceAll("\ufdd0", ""), /Renée Müller/);
    } else {
      assert.deepEqual(
        [preview.preview[0]?.["first_name"], preview.preview[0]?.["last_name"]],
        ["Renée", "Müller"],
        kind,
      );
    }
  }
});

function join(text: string, bytes: Uint8Array): Uint8Array {
  return new Uint8Array([...utf8(text), ...bytes]);
}

Deno.test("what is no table is refused with a reason, and nothing of it is kept", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  const files: [Uint8Array | string, number, string][] = [
    ["", 422, "file_empty"],
    ["\n\n \n", 422, "no_rows"],
    ["name,phone\n", 422, "no_rows"],
    ["name,phone\n\n , \n", 422, "no_rows"],
    ["0244000001,a@x.com\n0244000002,b@x.com\n", 422, "header_not_found"],
    ["<html><table></table></html>", 415, "file_is_html"],
    [Uint8Array.of(0x25, 0x50, 0x44, 0x46, 0x2d, 0x31, 0x2e, 0x34), 415, "file_type_unsupported"],
    [Uint8Array.from({ length: 5_000 }, (_, index) => index % 7), 415, "file_type_unsupported"],
    [`name,phone\n${"\0".repeat(50)}`, 422, "no_rows"],
    [`name,phone\n${"\0".repeat(50)}Ama,0244000001\n`, 415, "file_type_unsupported"],
    ['name,phone\n"Ama,0244000001\nKofi,0244000002\n', 422, "file_unreadable"],
    [`name,phone\n"${"x".repeat(3_000_000)}`, 422, "file_unreadable"],
    ["name\n" + "x\n".repeat(500_001), 413, "too_many_rows"],
    [new Uint8Array([0x50, 0x4b, 3, 4, ...new Uint8Array(100)]), 422, "file_truncated"],
  ];
  for (const [file, status, code] of files) {
    expectProblem(await sendLeads(admin, file), status, code);
  }
  const [kept] = await withDatabase((sql) =>
    sql`select count(*)::int as n from private.lead_uploads where organization_id = ${id}`
  );
  assert.equal(kept?.["n"], 0);
});

Deno.test("a form without a file, with a faulty mapping or cut off is refused", async () => {
  const { id, admin } = await newOrganization();
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    call(admin, "POST", "/leads/import/preview", body, headers);
  const form = (fields: Record<string, string>) => {
    const made = new FormData();
    for (const [name, value] of Object.entries(fields)) made.append(name, value);
    return made;
  };
  expectProblem(await post(form({ other: "x" })), 422, "invalid_field");
  expectProblem(await post(form({ file: "not a file" })), 422, "invalid_field");
  expectProblem(await post(form({ upload_id: "x" })), 422, "invalid_field");
  expectProblem(await post(form({ upload_id: crypto.randomUUID() })), 404, "not_found");
  expectProblem(await post({ file: "x" }), 400, "malformed");
  const cut =
    '--b\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\nname,phone\nAma,02';
  const type = { "content-type": "multipart/form-data; boundary=b" };
  expectProblem(await post(cut, type), 400, "malformed");
  expectProblem(await post("nothing of a form", type), 400, "malformed");
  const file = "name,phone\nA,0244000001\n";
  for (const mapping of ["{", "[]", '{"name": 1}', '{"nobody": "phone"}']) {
    expectProblem(await sendLeads(admin, file, { mapping }), 422, "invalid_field");
  }
  const [kept] = await withDatabase((sql) =>
    sql`select count(*)::int as n from private.lead_uploads where organization_id = ${id}`
  );
  assert.equal(kept?.["n"], 0);
});

Deno.test("another organization's upload and import are not there", async () => {
  const victim = await newOrganization({ country: "GH" });
  const attacker = await newOrganization({ country: "GH" });
  const preview = await previewed(victim.admin, "name,phone\nA,0244000001\n");
  const body = { upload_id: preview.upload_id, mapping: preview.suggested_mapping };
  expectProblem(
    await call(attacker.admin, "POST", "/leads/import/execute", body),
    404,
    "not_found",
  );
  const form = new FormData();
  form.append("upload_id", preview.upload_id);
  expectProblem(
    await call(attacker.admin, "POST", "/leads/import/preview", form),
    404,
    "not_found",
  );
  const importId = await started(victim.admin, preview);
  expectProblem(
    await call(attacker.admin, "POST", "/leads/import/execute", body),
    404,
    "not_found",
  );
  for (
    const [method, path] of [
      ["GET", `/leads/import/${importId}`],
      ["GET", `/leads/import/${importId}/errors`],
      ["POST", `/leads/import/${importId}/cancel`],
    ] as const
  ) {
    expectProblem(await call(attacker.admin, method, path), 404, "not_found");
  }
  assert.equal((await ended(victim.admin, importId)).created, 1);
  // What one organization has is no duplicate of the other's.
  const own = await previewed(attacker.admin, "name,phone\nA,0244000001\n");
  assert.equal(own.duplicates.in_organization, 0);
});

Deno.test("an upload is gone after 24 hours", async () => {
  const { admin } = await newOrganization({ country: "GH" });
  const preview = await previewed(admin, "name,phone\nA,0244000001\n");
  await withDatabase((sql) =>
    sql`update private.lead_uploads set expires_at = now() where id = ${preview.upload_id}`
  );
  const body = { upload_id: preview.upload_id, mapping: preview.suggested_mapping };
  expectProblem(await call(admin, "POST", "/leads/import/execute", body), 404, "not_found");
  const [left] = await withDatabase(async (sql) => {
    await sql`select private.expire_lead_imports()`;
    return await sql`select count(*)::int as n from private.lead_upload_pieces where upload_id = ${preview.upload_id}`;
  });
  assert.equal(left?.["n"], 0);
});
