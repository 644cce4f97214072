import assert from "node:assert/strict";
import { customers, encode, type Rows, workbook } from "../fixtures/sheets.ts";
import { readPage, utility } from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { counted, csv, sendFile, upload, type UploadBody } from "../support/uploads.ts";

const messy: Rows = [
  ["Arrears report, November"],
  [],
  ["#", "Full Name", " ACC. NO ", "Mobile", "Outstanding", "STATUS"],
  [1, "Ama  Mensah", "00412-7", 244123456, "GHS 1,234.50", "Disconnected"],
  [2, "Élan Kofi محمد", 412000123456, "024 412 3457", "(1,234.50)", null],
  [],
  [3, "", "77", "0244123458", 5, null],
  [4, "Esi", "78", "12345", "lots", "gone"],
  [5, "Again", "00412-7", "0244123459", 1, null],
  [6, "=1+1", "=A1", "+233244123460", 0, null],
];

Deno.test("POST /upload/excel answers exactly what was read of a messy sheet, and stores no customer", async () => {
  const { clerk } = await utility();
  const read = await upload(clerk, workbook({ Sheet1: messy }), "Arrears November.xlsx");
  const row = (row: number, name: string, account_number: string, phone: string) => ({
    row,
    name,
    account_number,
    phone,
  });
  assert.deepEqual({ ...read, upload_id: "", errors: [] }, {
    upload_id: "",
    file_name: "Arrears November.xlsx",
    header_row: 3,
    total_rows: 6,
    valid_rows: 3,
    invalid_rows: 2,
    duplicate_rows: 1,
    hidden_rows: 0,
    columns: {
      name: "Full Name",
      account_number: "ACC. NO",
      phone: "Mobile",
      arrears: "Outstanding",
      status: "STATUS",
    },
    preview: [
      {
        ...row(4, "Ama Mensah", "00412-7", "+233244123456"),
        arrears: "1234.50",
        status: "disconnected",
      },
      {
        ...row(5, "Élan Kofi محمد", "412000123456", "+233244123457"),
        arrears: "-1234.50",
        status: null,
      },
      { ...row(10, "=1+1", "=A1", "+233244123460"), arrears: "0.00", status: null },
    ],
    errors: [],
    errors_truncated: false,
    warnings: [],
    warnings_truncated: false,
  });
  assert.deepEqual(read.errors.map(({ row, field, value }) => [row, field, value]), [
    [7, "name", null],
    [8, "phone", "12345"],
    [8, "arrears", "lots"],
    [8, "status", "gone"],
    [9, "account_number", "00412-7"],
  ]);
  for (const error of read.errors) {
    assert.deepEqual(Object.keys(error).sort(), ["field", "message", "row", "value"]);
    assert.match(error.message, /^[A-Z].+\.$/, "a reason is a sentence");
  }
  assert.deepEqual(await counted(clerk.organizationId), {
    customers: 0,
    actions: 0,
    messages: 0,
    batches: 0,
  });
});

Deno.test("What was read waits under the upload's id for 24 hours, under the name of who sent it", async () => {
  const { clerk } = await utility();
  const { upload_id } = await upload(clerk, workbook({ S: customers(30) }), "c.xlsx");
  const rows = await withDatabase((sql) =>
    sql`select organization_id, created_by, file_name, jsonb_array_length(rows) as rows, processed_at,
      extract(epoch from expires_at - created_at)::int as seconds from public.uploads where id = ${upload_id}`
  );
  assert.deepEqual({ ...rows[0] }, {
    organization_id: clerk.organizationId,
    created_by: clerk.userId,
    file_name: "c.xlsx",
    rows: 30,
    processed_at: null,
    seconds: 86_400,
  });
});

Deno.test("A sheet reads alike as .xlsx, .xls and CSV in any encoding, whatever its name says", async () => {
  const { clerk } = await utility();
  const sheet = customers(25);
  const text = sheet.map((row) => row.join(";")).join("\r\n");
  const files: [string, Uint8Array | string][] = [
    ["a.xlsx", workbook({ S: sheet })],
    ["a.xls", workbook({ S: sheet }, { bookType: "biff8" })],
    ["a.csv", text],
    ["bom.csv", `\ufeff${text.replaceAll(";", ",")}`],
    ["utf16.csv", encode(`\ufeff${text.replaceAll(";", "\t")}`, "utf-16le")],
    ["wrong name.xls", workbook({ S: sheet })],
  ];
  const reads = await Promise.all(files.map(([name, bytes]) => upload(clerk, bytes, name)));
  for (const read of reads) {
    assert.equal(read.valid_rows, 25, read.file_name);
    assert.equal(read.preview.length, 20, "the preview has the first 20 rows");
    const { upload_id, file_name } = read;
    assert.deepEqual({ ...reads[0], upload_id, file_name }, read, file_name);
  }
});

Deno.test("The first 1,000 errors are listed and it says that there are more", async () => {
  const { clerk } = await utility();
  const bad = Array.from({ length: 400 }, (_, n) => `N${n},${n},1,x,gone`);
  const read = await upload(clerk, csv(...bad));
  assert.deepEqual([read.errors.length, read.errors_truncated, read.invalid_rows], [
    1_000,
    true,
    400,
  ]);
  const few = await upload(clerk, csv(...bad.slice(0, 333)));
  assert.deepEqual([few.errors.length, few.errors_truncated], [999, false]);
});

Deno.test("Characters that no database stores do not keep the other rows from being read", async () => {
  const { clerk } = await utility();
  const long = `${"x".repeat(98)}😀😀`;
  const read = await upload(
    clerk,
    csv(`Ama,1,0244123456,${long},`, "Kofi,2,0244123457,5,"),
    `${"n".repeat(250)}😀😀😀.csv`,
  );
  assert.deepEqual([read.valid_rows, read.invalid_rows], [1, 1]);
  const nul: Rows = [
    ["name", "account", "phone", "arrears"],
    ["A\u0000ma\ud83d", "1", "0244123456", 5],
    ["Kofi", "2", "nope\u0000\ud83d", 5],
  ];
  for (const bookType of ["xlsx", "biff8"] as const) {
    const odd = await upload(clerk, workbook({ S: nul }, { bookType }), "odd.xls");
    assert.deepEqual([odd.valid_rows, odd.invalid_rows], [1, 1], bookType);
  }
});

Deno.test("A repeated upload with the same key is the same upload; another file under it is refused", async () => {
  const { clerk } = await utility();
  const key = { "idempotency-key": crypto.randomUUID() };
  const file = csv("Ama,1,0244123456,5,");
  const first = expectStatus<UploadBody>(await sendFile(clerk, "a.csv", file, key), 201);
  assert.deepEqual(expectStatus(await sendFile(clerk, "a.csv", file, key), 201), first);
  const other = await sendFile(clerk, "a.csv", csv("Ama,2,0244123456,5,"), key);
  expectProblem(other, 422, "idempotency_key_reused");
  const uploads = await clerk.client.from("uploads").select("id");
  assert.deepEqual(uploads.data, [{ id: first.upload_id }]);
});

Deno.test("Local numbers of a sheet are read in the organization's country, and money in its currency", async () => {
  const { clerk } = await utility({ country: "KE" });
  const read = await upload(
    clerk,
    csv("Ama,1,712345678,5,", "Kofi,2,0244123456,5,", "Esi,3,0712345679,EUR 5,"),
  );
  assert.deepEqual(read.preview.map(({ phone }) => phone), ["+254712345678"]);
  assert.deepEqual(read.errors.map(({ row, field }) => [row, field]), [[3, "phone"], [
    4,
    "arrears",
  ]]);
});

Deno.test("Text that looks like a formula stays text from the sheet to the customer", async () => {
  const { clerk } = await utility();
  const cells = ["=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "-2-3"];
  const { upload_id } = await upload(
    clerk,
    csv(...cells.map((cell, n) => `${cell},${cell}${n},0244123456,5,`)),
  );
  expectStatus(await call(clerk, "POST", "/upload/process-batch", { upload_id }), 201);
  const page = await readPage<{ name: string; account_number: string }>(
    clerk,
    "/customers?sort=created_at",
  );
  assert.deepEqual(page.data.map(({ name }) => name).sort(), cells.toSorted());
  assert.deepEqual(
    page.data.map(({ account_number }) => account_number).sort(),
    cells.map((cell, n) => `${cell}${n}`).sort(),
  );
});
