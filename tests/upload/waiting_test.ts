import assert from "node:assert/strict";
import { utility } from "../support/customers.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { csv, formWith, upload, type UploadBody } from "../support/uploads.ts";

interface Waiting {
  data: { upload_id: string; file_name: string; valid_rows: number; created_by_name: string }[];
  total: number;
}

const header = "Who,Ref,Call,Total due (incl. levy)";

function form(content: string, fields: Record<string, string>): FormData {
  const body = formWith("arrears.csv", content);
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return body;
}

Deno.test("POST /upload/excel takes a mapping for unknown columns and the header's row", async () => {
  const { clerk } = await utility();
  const mapping = JSON.stringify({
    Who: "name",
    Ref: "account_number",
    "2": "phone",
    "total due incl levy": "arrears",
  });
  const file = `${header}\nAma,A1,0244123456,5\n`;
  const read = expectStatus<UploadBody & { header_row: number }>(
    await call(clerk, "POST", "/upload/excel", form(`Report\n\n${file}`, { mapping })),
    201,
  );
  assert.deepEqual([read.header_row, read.valid_rows], [3, 1]);
  assert.deepEqual(read.columns, {
    name: "Who",
    account_number: "Ref",
    phone: "Call",
    arrears: "Total due (incl. levy)",
  });
  for (
    const [fields, path] of [
      [{ mapping: "no" }, "mapping"],
      [{ mapping: '{"Who":"salary"}' }, "mapping"],
      [{ mapping: '{"Who":"name","Ref":"name"}' }, "mapping.Who"],
      [{ mapping: mapping.replace("Who", "Nobody") }, "mapping.Nobody"],
      [{ header_row: "0" }, "header_row"],
      [{ header_row: "31" }, "header_row"],
    ] as const
  ) {
    const content = path === "mapping.Nobody" ? csv("Ama,A1,0244123456,5,") : file;
    const answer = await call(clerk, "POST", "/upload/excel", form(content, fields));
    const { errors } = expectProblem(answer, 422, "invalid_field");
    assert.equal(errors?.[0]?.path, path, JSON.stringify(fields));
  }
});

Deno.test("an empty amount and a hidden row are warned of, and a row of a wrong length is refused", async () => {
  const { clerk } = await utility();
  const file =
    "Customer Name,Account No,Phone,Amount Owed\nA,A1,0244123456,\nB,B1,0244123457,1,234.50\n";
  const read = await upload(clerk, file) as UploadBody & {
    warnings: { row: number; field: string }[];
  };
  assert.deepEqual(read.warnings.map(({ row, field }) => [row, field]), [[2, "arrears"]]);
  assert.deepEqual(read.errors.map(({ row, field }) => [row, field]), [[3, ""]]);
  assert.deepEqual(read.preview.map(({ arrears }) => arrears), ["0.00"]);
});

Deno.test("a delimiter at the end of the header gives no room for half of an amount", async () => {
  const { clerk } = await utility();
  const read = await upload(
    clerk,
    "Customer Name,Account No,Phone,Amount Owed,\nKofi,Q2,0244133002,1,234.50\nB,B1,0244123457,5,\n",
  );
  assert.deepEqual(read.errors.map(({ row, field }) => [row, field]), [[2, ""]]);
  assert.deepEqual(read.preview.map(({ arrears }) => arrears), ["5.00"]);
});

Deno.test("uploads that wait are listed and deleted, and a person's oldest give way", async () => {
  const { clerk, organization: { admin } } = await utility();
  const line = (n: number) => csv(`Ama,A${n},0244123456,5,`);
  const kept = await upload(admin, line(0), "kept.csv");
  const uploads: UploadBody[] = [];
  for (let n = 0; n < 11; n++) uploads.push(await upload(clerk, line(n), `${n}.csv`));
  const page = expectStatus<Waiting>(await call(clerk, "GET", "/upload/uploads?limit=3"), 200);
  assert.equal(page.total, 11, "ten of the clerk and one of the admin");
  assert.deepEqual(page.data.map(({ file_name }) => file_name), ["10.csv", "9.csv", "8.csv"]);
  const gone = { upload_id: uploads[0]?.upload_id ?? "" };
  expectProblem(await call(clerk, "POST", "/upload/process-batch", gone), 404, "not_found");
  expectStatus(await call(clerk, "DELETE", `/upload/uploads/${kept.upload_id}`), 204);
  expectProblem(await call(clerk, "DELETE", `/upload/uploads/${kept.upload_id}`), 404, "not_found");
  const processed = uploads.at(-1)?.upload_id ?? "";
  expectStatus(await call(clerk, "POST", "/upload/process-batch", { upload_id: processed }), 201);
  expectProblem(await call(clerk, "DELETE", `/upload/uploads/${processed}`), 404, "not_found");
});

Deno.test("a file costs one token, which is taken before it is read", async () => {
  const { clerk } = await utility();
  const leave = (tokens: number, at: string) =>
    database()`
      update private.rate_buckets b set tokens = ${tokens}, updated_at = clock_timestamp() + ${at}::interval
      where b.kind = 'upload' and b.subject = ${clerk.userId}`;
  await upload(clerk, csv("Ama,A1,0244123456,5,"));
  await leave(1, "0");
  await upload(clerk, csv("Ama,A2,0244123456,5,"));
  // From the future, so that no token comes during the test.
  await leave(0, "1 hour");
  const unreadable = form("no sheet", {});
  expectProblem(await call(clerk, "POST", "/upload/excel", unreadable), 429, "rate_limited");
});
