import assert from "node:assert/strict";
import { addCustomer, newCustomer, readCustomer, readPage, utility } from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";
const asJson = { "content-type": "application/json" };

Deno.test("POST /customers stores the customer, and GET shows what is stored", async () => {
  const { organization, clerk } = await utility();
  const fields = { name: "  Ama   Mensah ", phone: "0244 123 456", arrears: "GHS 1,234.50" };
  const created = await addCustomer(clerk, { ...fields, account_number: " 00412-7 " });
  assert.deepEqual(
    { ...created, id: "", created_at: "", updated_at: "" },
    {
      id: "",
      name: "Ama Mensah",
      account_number: "00412-7",
      phone: "+233244123456",
      status: "connected",
      arrears: "1234.50",
      currency: "GHS",
      created_at: "",
      updated_at: "",
    },
  );
  assert.deepEqual(await readCustomer(clerk, created.id), created);
  const rows = await withDatabase((sql) =>
    sql`select organization_id, name, account_number, phone, status, arrears::text, created_by
      from public.customers where id = ${created.id}`
  );
  assert.deepEqual({ ...rows[0] }, {
    organization_id: organization.id,
    name: "Ama Mensah",
    account_number: "00412-7",
    phone: "+233244123456",
    status: "connected",
    arrears: "1234.50",
    created_by: clerk.userId,
  });
});

Deno.test("POST /customers reads numbers, credits, no arrears at all, and a status", async () => {
  const { clerk } = await utility();
  const asNumbers = await addCustomer(clerk, {
    account_number: 412,
    phone: 244123456,
    arrears: -12.5,
  });
  assert.deepEqual([asNumbers.account_number, asNumbers.phone, asNumbers.arrears], [
    "412",
    "+233244123456",
    "-12.50",
  ]);
  assert.equal((await addCustomer(clerk, { arrears: "(1,234.50)" })).arrears, "-1234.50");
  assert.equal((await addCustomer(clerk)).arrears, "0.00");
  assert.equal(
    (await addCustomer(clerk, { arrears: "999999999999.99" })).arrears,
    "999999999999.99",
  );
  assert.equal((await addCustomer(clerk, { status: "warned" })).status, "warned");
});

Deno.test("A local phone number is read in the organization's country", async () => {
  const { clerk } = await utility({ country: "KE" });
  const created = await addCustomer(clerk, { phone: "0712 345 678" });
  assert.equal(created.phone, "+254712345678");
  const body = newCustomer({ phone: "0244123456" });
  const problem = expectProblem(
    await call(clerk, "POST", "/customers", body),
    422,
    "invalid_field",
  );
  assert.deepEqual(problem.errors?.map(({ path }) => path), ["phone"]);
  assert.equal((await addCustomer(clerk, { phone: "+233244123456" })).phone, "+233244123456");
});

Deno.test("POST /customers refuses bad fields, names each of them, and stores nothing", async () => {
  const { clerk } = await utility();
  const cases: [Record<string, unknown>, string[]][] = [
    [{ name: " ", phone: "12", arrears: "lots" }, ["name", "phone", "arrears"]],
    [{ name: "n".repeat(256) }, ["name"]],
    [{ name: "n".repeat(100_000) }, ["name"]],
    [{ name: 5 }, ["name"]],
    [{ name: null }, ["name"]],
    [{ account_number: "9".repeat(51) }, ["account_number"]],
    [{ account_number: "" }, ["account_number"]],
    [{ account_number: "{{name}}" }, ["account_number"]],
    [{ account_number: ["1"] }, ["account_number"]],
    [{ phone: true }, ["phone"]],
    [{ status: "gone" }, ["status"]],
    [{ status: null }, ["status"]],
    [{ arrears: "1234567890123" }, ["arrears"]],
    [{ arrears: "1.005" }, ["arrears"]],
    [{ arrears: "EUR 5" }, ["arrears"]],
    [{ arrears: {} }, ["arrears"]],
  ];
  for (const [fields, paths] of cases) {
    const answer = await call(clerk, "POST", "/customers", newCustomer(fields));
    const problem = expectProblem(answer, 422, "invalid_field");
    const shown = JSON.stringify([fields, problem]).slice(0, 2_000);
    assert.deepEqual(problem.errors?.map(({ path }) => path), paths, shown);
  }
  assert.equal((await readPage(clerk, "/customers")).total, 0);
});

Deno.test("POST and PUT /customers refuse what is no JSON object, and what is too large", async () => {
  const { clerk } = await utility();
  const { id } = await addCustomer(clerk);
  for (const [method, path] of [["POST", "/customers"], ["PUT", `/customers/${id}`]] as const) {
    for (const body of ["{", "", '{"name":']) {
      expectProblem(await call(clerk, method, path, body, asJson), 400, "malformed");
    }
    for (const body of ["[]", "null", '"x"', "{}"]) {
      expectProblem(await call(clerk, method, path, body, asJson), 422, "invalid_field");
    }
    const huge = JSON.stringify({ name: "x".repeat(9 * 1024 * 1024) });
    expectProblem(await call(clerk, method, path, huge, asJson), 413, "too_large");
  }
  assert.equal((await readPage(clerk, "/customers")).total, 1);
});

Deno.test("Fields that the API does not know, or that are not the caller's to set, change nothing", async () => {
  const [{ clerk }, theirs] = [await utility(), await utility()];
  const created = await addCustomer(clerk, {
    id: missing,
    organization_id: theirs.organization.id,
    currency: "USD",
    created_at: "2020-01-01T00:00:00Z",
    favourite_colour: "blue",
  });
  assert.notEqual(created.id, missing);
  assert.equal(created.currency, "GHS");
  assert(Date.parse(created.created_at) > Date.now() - 600_000, created.created_at);
  const put = {
    name: "Esi",
    organization_id: theirs.organization.id,
    currency: "USD",
    id: missing,
  };
  const changed = expectStatus(await call(clerk, "PUT", `/customers/${created.id}`, put), 200);
  assert.deepEqual(changed, { ...created, name: "Esi", updated_at: await updatedAt(created.id) });
  assert.equal((await readPage(theirs.clerk, "/customers")).total, 0);
});

async function updatedAt(id: string): Promise<string> {
  const rows = await withDatabase((sql) =>
    sql<{ at: Date }[]>`select updated_at as at from public.customers where id = ${id}`
  );
  return rows[0]?.at.toISOString() ?? "";
}

Deno.test("PUT /customers/{id} changes the fields that are given and no others", async () => {
  const { clerk } = await utility();
  const before = await addCustomer(clerk, { arrears: "5", status: "warned" });
  const path = `/customers/${before.id}`;
  for (
    const [change, result] of [
      [{ arrears: "GHS 7" }, { arrears: "7.00" }],
      [{ phone: "0201234567" }, { phone: "+233201234567" }],
      [{ status: "disconnected" }, { status: "disconnected" }],
      [{ account_number: 77, name: "Esi" }, { account_number: "77", name: "Esi" }],
    ] as const
  ) {
    const known = await readCustomer(clerk, before.id);
    const changed = expectStatus<typeof before>(await call(clerk, "PUT", path, change), 200);
    assert.deepEqual(changed, { ...known, ...result, updated_at: changed.updated_at });
    assert.deepEqual(await readCustomer(clerk, before.id), changed);
  }
  expectProblem(await call(clerk, "PUT", path, { phone: "5" }), 422, "invalid_field");
  expectProblem(await call(clerk, "PUT", path, { name: "" }), 422, "invalid_field");
  expectProblem(await call(clerk, "PUT", path, { nothing: 1 }), 422, "invalid_field");
  assert.equal((await readCustomer(clerk, before.id)).phone, "+233201234567");
});

Deno.test("An account number exists once in an organization, whatever its case, and again in another", async () => {
  const [{ clerk }, theirs] = [await utility(), await utility()];
  await addCustomer(clerk, { account_number: "Acc-1x" });
  const again = newCustomer({ account_number: "aCC-1X" });
  expectProblem(await call(clerk, "POST", "/customers", again), 409, "already_exists");
  const other = await addCustomer(clerk);
  const put = { account_number: "ACC-1X" };
  expectProblem(await call(clerk, "PUT", `/customers/${other.id}`, put), 409, "already_exists");
  assert.equal((await addCustomer(theirs.clerk, put)).account_number, "ACC-1X");
  assert.equal((await readPage(clerk, "/customers")).total, 2);
});
