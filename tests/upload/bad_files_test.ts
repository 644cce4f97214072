import assert from "node:assert/strict";
import {
  customers,
  encode,
  encryptedXlsx,
  handmadeXlsx,
  HEADER,
  utf8,
  workbook,
  xmlRow,
} from "../fixtures/sheets.ts";
import { strangersToCustomers, utility } from "../support/customers.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember } from "../support/people.ts";
import { counted, csv, formWith, sendFile, upload } from "../support/uploads.ts";

const megabyte = 1024 * 1024;

function bomb(): Uint8Array {
  const sheet = new Uint8Array(110 * megabyte).fill(32);
  sheet.set(utf8(`<worksheet><sheetData>${xmlRow(1, HEADER)}`));
  return handmadeXlsx({ sheet });
}

function badFiles(): [string, Uint8Array | string, number, string][] {
  const good = workbook({ S: customers(200) });
  return [
    ["encrypted.xlsx", encryptedXlsx(), 422, "file_encrypted"],
    ["truncated.xlsx", good.slice(0, good.length / 2), 422, "file_truncated"],
    ["bomb.xlsx", bomb(), 413, "file_expands_too_much"],
    ["11 MB.csv", new Uint8Array(11 * megabyte).fill(65), 413, "file_too_large"],
    ["13 MB.csv", new Uint8Array(13 * megabyte).fill(65), 413, "too_large"],
    [
      "page.xls",
      "<html><body><table><tr><td>Name</td></tr></table></body></html>",
      415,
      "file_is_html",
    ],
    ["empty.xlsx", "", 422, "file_empty"],
    ["blank.csv", " \r\n \n", 422, "file_empty"],
    ["letter.pdf", encode("%PDF-1.7\n\x00\x01", "latin1"), 415, "file_type_unsupported"],
    [
      "noise.xlsx",
      Uint8Array.from({ length: 5_000 }, (_, n) => (n * 7919) & 255),
      415,
      "file_type_unsupported",
    ],
    ["no header.csv", "Ama,1,0244123456,5\nKofi,2,0244123457,5\n", 422, "header_not_found"],
    ["no rows.csv", csv(), 422, "no_rows"],
  ];
}

Deno.test("Each bad file gets a clear answer of its own, and the next request works as before", async () => {
  const { clerk } = await utility();
  for (const [name, bytes, status, code] of badFiles()) {
    const problem = expectProblem(await sendFile(clerk, name, bytes), status, code);
    assert.match(problem.detail, /^[A-Z].+\.$/, name);
    expectStatus(await call(null, "GET", "/upload/health"), 200);
    assert.equal((await upload(clerk, csv("Ama,1,0244123456,5,"))).valid_rows, 1, `after ${name}`);
  }
  const { data } = await clerk.client.from("uploads").select("file_name").neq(
    "file_name",
    "arrears.csv",
  );
  assert.deepEqual(data, [], "no bad file is kept");
});

Deno.test("Bad files that come all at once leave the worker answering good ones", async () => {
  const { clerk } = await utility();
  const files = badFiles().slice(0, 4);
  const good = workbook({ S: customers(50) });
  const answers = await Promise.all([
    ...files.map(([name, bytes]) => sendFile(clerk, name, bytes)),
    sendFile(clerk, "good.xlsx", good),
  ]);
  assert.deepEqual(answers.map(({ status }) => status), [
    ...files.map(([, , status]) => status),
    201,
  ]);
  expectStatus(await call(null, "GET", "/upload/health"), 200);
});

Deno.test("A request without one file in the field `file` is told so", async () => {
  const { clerk } = await utility();
  const elsewhere = new FormData();
  elsewhere.append("sheet", new File([csv("Ama,1,0244123456,5,")], "a.csv"));
  const text = new FormData();
  text.append("file", csv("Ama,1,0244123456,5,"));
  const two = formWith("a.csv", csv("Ama,1,0244123456,5,"));
  two.append("file", new File([csv("Kofi,2,0244123457,5,")], "b.csv"));
  for (const form of [new FormData(), elsewhere, text, two]) {
    const answer = await call(clerk, "POST", "/upload/excel", form);
    const problem = expectProblem(answer, 422, "invalid_field");
    assert.deepEqual(problem.errors?.map(({ path }) => path), ["file"]);
  }
  const bodies: [string | Uint8Array, string, number][] = [
    [JSON.stringify({ file: "a.csv" }), "application/json", 415],
    [csv("Ama,1,0244123456,5,"), "text/csv", 415],
    [workbook({ S: customers(2) }), "application/octet-stream", 415],
    ["file=a.csv", "application/x-www-form-urlencoded", 422],
  ];
  for (const [body, type, status] of bodies) {
    expectProblem(
      await call(clerk, "POST", "/upload/excel", body, { "content-type": type }),
      status,
    );
  }
  for (const type of ["multipart/form-data", "multipart/form-data; boundary=x"]) {
    const answer = await call(clerk, "POST", "/upload/excel", "--y\r\nnot a form", {
      "content-type": type,
    });
    expectProblem(answer, 400, "malformed");
  }
  assert.deepEqual((await clerk.client.from("uploads").select("id")).data, []);
});

Deno.test("Admins and operators upload and process, viewers see batches, other roles see nothing", async () => {
  const { organization, clerk } = await utility();
  const { upload_id } = await upload(clerk, csv("Ama,1,0244123456,5,"));
  for (const role of ["viewer", ...strangersToCustomers]) {
    const person = await addMember(organization, role);
    const refused = [
      await sendFile(person, "a.csv", csv("Ama,1,0244123456,5,")),
      await call(person, "POST", "/upload/process-batch", { upload_id }),
      await call(person, "POST", "/upload/validate-customers", { customers: [{}] }),
    ];
    for (const answer of refused) {
      assert.match(expectProblem(answer, 403, "permission_denied").detail, /uploads:write/, role);
    }
    const list = await call(person, "GET", "/upload/batches");
    if (role === "viewer") expectStatus(list, 200);
    else assert.match(expectProblem(list, 403, "permission_denied").detail, /uploads:read/, role);
  }
  assert.equal((await counted(organization.id))["customers"], 0);
  const byAdmin = await upload(organization.admin, csv("Ama,1,0244123456,5,"));
  const done = await call(organization.admin, "POST", "/upload/process-batch", {
    upload_id: byAdmin.upload_id,
  });
  expectStatus(done, 201);
});
