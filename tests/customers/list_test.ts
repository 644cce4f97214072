import assert from "node:assert/strict";
import {
  addCustomer,
  type CustomerBody,
  type Page,
  readPage,
  utility,
} from "../support/customers.ts";
import { call, type Caller, expectProblem } from "../support/http.ts";

const list = (session: Caller, query: Record<string, string> = {}): Promise<Page<CustomerBody>> =>
  readPage(session, `/customers?${new URLSearchParams(query)}`);

const names = ({ data }: Page<CustomerBody>) => data.map(({ name }) => name);

Deno.test("GET /customers pages newest first, every customer once, with the total on each page", async () => {
  const { clerk } = await utility();
  for (let index = 0; index < 5; index++) await addCustomer(clerk, { name: `C${index}` });
  const whole = await list(clerk);
  assert.deepEqual([names(whole), whole.total, whole.limit, whole.offset], [
    ["C4", "C3", "C2", "C1", "C0"],
    5,
    50,
    0,
  ]);
  const pages = [];
  for (const offset of ["0", "2", "4", "6"]) {
    const page = await list(clerk, { limit: "2", offset });
    assert.deepEqual([page.total, page.limit, page.offset], [5, 2, Number(offset)]);
    pages.push(names(page));
  }
  assert.deepEqual(pages, [["C4", "C3"], ["C2", "C1"], ["C0"], []]);
});

Deno.test("GET /customers sorts by each field both ways, and equal ones come in the same order on every page", async () => {
  const { clerk } = await utility();
  const rows = [
    { name: "Beta", account_number: "3", phone: "+233244000001", arrears: "10", status: "warned" },
    {
      name: "Alpha",
      account_number: "1",
      phone: "+233244000003",
      arrears: "-5",
      status: "connected",
    },
    {
      name: "Gamma",
      account_number: "2",
      phone: "+233244000002",
      arrears: "9.5",
      status: "disconnected",
    },
  ];
  for (const row of rows) await addCustomer(clerk, row);
  const orders: Record<string, string[]> = {
    name: ["Alpha", "Beta", "Gamma"],
    account_number: ["Alpha", "Gamma", "Beta"],
    phone: ["Beta", "Gamma", "Alpha"],
    arrears: ["Alpha", "Gamma", "Beta"],
    status: ["Alpha", "Gamma", "Beta"],
    created_at: ["Beta", "Alpha", "Gamma"],
    updated_at: ["Beta", "Alpha", "Gamma"],
  };
  for (const [sort, order] of Object.entries(orders)) {
    assert.deepEqual(names(await list(clerk, { sort })), order, sort);
    assert.deepEqual(
      names(await list(clerk, { sort: `-${sort}` })),
      order.toReversed(),
      `-${sort}`,
    );
  }
  for (let index = 0; index < 6; index++) await addCustomer(clerk, { name: "Same", arrears: "7" });
  const seen = new Set<string>();
  for (const offset of ["0", "3", "6"]) {
    const page = await list(clerk, { sort: "-arrears", limit: "3", offset });
    for (const { id } of page.data) seen.add(id);
  }
  assert.equal(seen.size, 9, "no customer twice, none left out");
});

Deno.test("GET /customers searches names, account numbers and phones by any part, without case", async () => {
  const { clerk } = await utility();
  await addCustomer(clerk, { name: "Ama Mensah", account_number: "X-001", phone: "+233244111222" });
  await addCustomer(clerk, {
    name: "Élise Owusu",
    account_number: "Y-002",
    phone: "+233200333444",
  });
  await addCustomer(clerk, { name: "محمد", account_number: "Z-003", phone: "+233500555666" });
  for (
    const [search, found] of [
      ["MENS", ["Ama Mensah"]],
      ["  mensah ", ["Ama Mensah"]],
      ["a m", ["Ama Mensah"]],
      ["y-0", ["Élise Owusu"]],
      ["0333", ["Élise Owusu"]],
      ["+23350", ["محمد"]],
      ["حم", ["محمد"]],
      ["e", ["Élise Owusu", "Ama Mensah"]],
      ["nobody", []],
      ["", ["محمد", "Élise Owusu", "Ama Mensah"]],
    ] as const
  ) {
    const page = await list(clerk, { search });
    assert.deepEqual([names(page), page.total], [[...found], found.length], search);
  }
});

Deno.test("GET /customers takes the characters of patterns and of SQL as they are", async () => {
  const { clerk } = await utility();
  const odd = [
    "100% Water",
    "under_score",
    "back\\slash",
    "O'Brien; drop table",
    "a,b(c)*",
    "plain",
  ];
  for (const name of odd) await addCustomer(clerk, { name });
  for (
    const [search, name] of [
      ["%", "100% Water"],
      ["0% w", "100% Water"],
      ["_", "under_score"],
      ["r_s", "under_score"],
      ["\\", "back\\slash"],
      ["k\\s", "back\\slash"],
      ["'", "O'Brien; drop table"],
      ["b(c)*", "a,b(c)*"],
    ] as const
  ) {
    assert.deepEqual(names(await list(clerk, { search })), [name], search);
  }
  for (const search of ["p%n", "pl_in", "\\%", "%%", "__"]) {
    assert.deepEqual(names(await list(clerk, { search })), [], search);
  }
});

Deno.test("GET /customers narrows by status and by arrears, bounds included, together with a search", async () => {
  const { clerk } = await utility();
  for (const arrears of ["-50", "0", "99.99", "100", "100.01", "5000"]) {
    const status = arrears.startsWith("100") ? "warned" : "connected";
    await addCustomer(clerk, { name: `owes ${arrears}`, arrears, status });
  }
  const found = async (query: Record<string, string>) =>
    (await list(clerk, { sort: "arrears", ...query })).data.map(({ arrears }) => Number(arrears));
  assert.deepEqual(await found({ arrears_min: "100" }), [100, 100.01, 5000]);
  assert.deepEqual(await found({ arrears_max: "99.99" }), [-50, 0, 99.99]);
  assert.deepEqual(await found({ arrears_min: "0", arrears_max: "100.00" }), [0, 99.99, 100]);
  assert.deepEqual(await found({ arrears_min: "-50.00", arrears_max: "-0.01" }), [-50]);
  assert.deepEqual(await found({ arrears_min: "200", arrears_max: "100" }), []);
  assert.deepEqual(await found({ status: "warned" }), [100, 100.01]);
  assert.deepEqual(await found({ status: "warned", arrears_max: "100", search: "owes" }), [100]);
  assert.deepEqual(await found({ status: "disconnected" }), []);
});

Deno.test("GET /customers refuses parameters that mean nothing and names them", async () => {
  const { clerk } = await utility();
  for (
    const [name, value] of [
      ["limit", "0"],
      ["limit", "201"],
      ["limit", "x"],
      ["offset", "-1"],
      ["offset", "1.5"],
      ["sort", "organization_id"],
      ["sort", "--name"],
      ["sort", "name,id"],
      ["status", "gone"],
      ["arrears_min", "12,50"],
      ["arrears_max", "NaN"],
      ["search", "x".repeat(201)],
    ] as const
  ) {
    const answer = await call(clerk, "GET", `/customers?${new URLSearchParams({ [name]: value })}`);
    const problem = expectProblem(answer, 422, "invalid_field");
    assert.deepEqual(problem.errors?.map(({ path }) => path), [name], `${name}=${value}`);
  }
  expectProblem(await call(clerk, "GET", "/customers?search=%00"), 422, "invalid_field");
});

Deno.test("GET /customers shows an organization its own customers and nobody else's, whatever is asked", async () => {
  const [mine, theirs] = [await utility(), await utility()];
  await addCustomer(theirs.clerk, { name: "Theirs" });
  for (const query of [{}, { search: "Theirs" }, { arrears_min: "-1" }, { status: "connected" }]) {
    const page = await list(mine.clerk, query as Record<string, string>);
    assert.deepEqual([page.data, page.total], [[], 0]);
  }
  const named = { "x-organization-id": theirs.organization.id };
  const answer = await call(mine.clerk, "GET", "/customers", undefined, named);
  expectProblem(answer, 403, "not_a_member");
});
