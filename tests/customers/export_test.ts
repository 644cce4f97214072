import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization } from "../support/people.ts";

const header = "name,account_number,phone,status,arrears,currency";

Deno.test("GET /customers/export gives every customer that matches, with formulas escaped", async () => {
  const { admin } = await newOrganization();
  for (
    const [name, account_number, arrears] of [["=1+1", "E-1", "(20.50)"], ['Ama, "A"', "E-2", "75"]]
  ) {
    expectStatus(
      await call(admin, "POST", "/customers", {
        name,
        account_number,
        phone: "0244123456",
        arrears,
      }),
      201,
    );
  }
  const all = await call(admin, "GET", "/customers/export");
  assert.match(all.headers.get("content-type") ?? "", /^text\/csv/);
  assert.deepEqual(expectStatus<string>(all, 200).replace("\uFEFF", "").trimEnd().split("\r\n"), [
    header,
    "'=1+1,E-1,'+233244123456,connected,-20.50,GHS",
    `"Ama, ""A""",E-2,'+233244123456,connected,75.00,GHS`,
  ]);
  const some = expectStatus<string>(
    await call(admin, "GET", "/customers/export?search=e-2&arrears_min=1"),
    200,
  );
  assert.equal(some.trimEnd().split("\r\n").length, 2);
});

Deno.test("GET /customers/export goes on over thousands of rows and leaves none out", async () => {
  const organization = await newOrganization();
  await withDatabase((sql) =>
    sql`insert into public.customers (organization_id, name, account_number, phone, currency)
      select ${organization.id}, 'Customer ' || i, 'N-' || i, '+233244123456', 'GHS' from generate_series(1, 2500) i`
  );
  const file = expectStatus<string>(
    await call(organization.admin, "GET", "/customers/export"),
    200,
  );
  const accounts = file.trimEnd().split("\r\n").slice(1).map((line) => line.split(",")[1]);
  assert.equal(accounts.length, 2500);
  assert.equal(new Set(accounts).size, 2500);
});

Deno.test("GET /customers/export needs customers:read and refuses what is no filter", async () => {
  const organization = await newOrganization();
  const counselor = await addMember(organization, "counselor");
  expectProblem(await call(counselor, "GET", "/customers/export"), 403, "permission_denied");
  expectProblem(
    await call(organization.admin, "GET", "/customers/export?arrears_min=much"),
    422,
    "invalid_field",
  );
  expectProblem(await call(null, "GET", "/customers/export"), 401, "not_signed_in");
});

Deno.test("GET /customers/export gives a person sixty files an hour", async () => {
  const { admin } = await newOrganization();
  await withDatabase((sql) =>
    sql`insert into private.rate_buckets (kind, subject, tokens, updated_at)
      values ('export', ${admin.userId}, 1, now())`
  );
  expectStatus(await call(admin, "GET", "/customers/export?format=xlsx"), 200);
  const refused = await call(admin, "GET", "/customers/export");
  expectProblem(refused, 429, "rate_limited");
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
});
