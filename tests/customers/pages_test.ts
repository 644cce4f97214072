import assert from "node:assert/strict";
import { addCustomer, type CustomerBody, utility } from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { newOffice } from "../support/office.ts";

interface CursorPage {
  data: { id: string; name?: string }[];
  total: number;
  total_is_capped: boolean;
  limit: number;
  offset: number;
  next_cursor: string | null;
}

const page = async (session: Caller, path: string) =>
  expectStatus<CursorPage>(await call(session, "GET", path), 200);

/** All pages of a list, one after the other by cursor. */
async function* pages(session: Caller, path: string): AsyncGenerator<CursorPage> {
  for (let cursor: string | null = ""; cursor !== null;) {
    const found: CursorPage = await page(session, cursor ? `${path}&cursor=${cursor}` : path);
    yield found;
    cursor = found.next_cursor;
  }
}

Deno.test("GET /customers continues by cursor, whatever is added meanwhile", async () => {
  const { clerk } = await utility();
  const added: CustomerBody[] = [];
  for (let n = 0; n < 7; n++) added.push(await addCustomer(clerk, { name: `Ama ${n % 3}` }));
  const seen: string[] = [];
  for await (const { data, total } of pages(clerk, "/customers?sort=name&limit=3")) {
    seen.push(...data.map(({ id }) => id));
    if (seen.length === 3) await addCustomer(clerk, { name: "Aa before all" });
    else assert.equal(total, 8);
  }
  assert.deepEqual(seen.toSorted(), added.map(({ id }) => id).toSorted());
  const { next_cursor } = await page(clerk, "/customers?sort=name&limit=3");
  for (
    const [query, path] of [
      [`sort=-name&cursor=${next_cursor}`, "cursor"],
      ["cursor=nonsense", "cursor"],
      [`sort=name&offset=1&cursor=${next_cursor}`, "offset"],
      ["offset=10001", "offset"],
    ]
  ) {
    const { errors } = expectProblem(
      await call(clerk, "GET", `/customers?${query}`),
      422,
      "invalid_field",
    );
    assert.equal(errors?.[0]?.path, path, query);
  }
});

Deno.test("clerks find customers as people say numbers and names, in lists and in exports", async () => {
  const { clerk } = await utility({ country: "GH" });
  await addCustomer(clerk, { name: "Ama Serwaa Mensah", phone: "0244133001" });
  await addCustomer(clerk, { name: "Kɔfi Renée", phone: "0244133002" });
  for (
    const [term, name] of [
      ["0244133001", "Ama Serwaa Mensah"],
      ["024 413 3001", "Ama Serwaa Mensah"],
      ["00233244133001", "Ama Serwaa Mensah"],
      ["Mensah Ama", "Ama Serwaa Mensah"],
      ["kofi", "Kɔfi Renée"],
      ["RENEE kofi", "Kɔfi Renée"],
      ["Rene\u0301e", "Kɔfi Renée"],
    ] as const
  ) {
    const query = new URLSearchParams({ search: term });
    const { data } = await page(clerk, `/customers?${query}`);
    assert.deepEqual(data.map((row) => row.name), [name], term);
    const file = expectStatus<string>(await call(clerk, "GET", `/customers/export?${query}`), 200);
    assert.equal(file.trimEnd().split("\r\n").length, 2, term);
    assert(file.includes(name), term);
  }
});

Deno.test("a search of more than 10,000 customers says so, and the total of a status is exact", async () => {
  const { clerk, organization: { id } } = await utility();
  await withDatabase((sql) =>
    sql`insert into public.customers (organization_id, name, account_number, phone, currency)
      select ${id}, 'Ama Mensah ' || n, 'M' || n, '+233244' || lpad(n::text, 6, '0'), 'GHS'
      from generate_series(1, 10001) n`
  );
  const all = await page(clerk, "/customers?search=mensah&limit=2");
  assert.deepEqual([all.total, all.total_is_capped], [10_000, true]);
  const few = await page(clerk, "/customers?search=mensah%20ama%20m9999&limit=2");
  assert.deepEqual([few.total, few.total_is_capped, few.data.length], [1, false, 1]);
  const status = await page(clerk, "/customers?status=connected&limit=2");
  assert.deepEqual([status.total, status.total_is_capped], [10_001, false]);
});

Deno.test("leads, tasks and actions continue by cursor in the caller's scope", async () => {
  const { admin, manager, counselor } = await newOffice({ country: "GH" });
  for (let n = 0; n < 5; n++) {
    const lead = { first_name: "Ɛsi", last_name: `${n % 2}`, assigned_to: counselor.userId };
    const { id } = expectStatus<{ id: string }>(await call(admin, "POST", "/leads", lead), 201);
    const task = { lead_id: id, title: "Call", assigned_to: counselor.userId };
    expectStatus(await call(admin, "POST", "/tasks", task), 201);
  }
  for (const session of [admin, manager, counselor]) {
    for (const list of ["/leads?sort=full_name", "/leads?search=esi", "/tasks?sort=due_at"]) {
      const seen: string[] = [];
      for await (const { data, total, total_is_capped } of pages(session, `${list}&limit=2`)) {
        seen.push(...data.map(({ id }) => id));
        assert.deepEqual([total, total_is_capped], [5, false]);
      }
      assert.equal(new Set(seen).size, 5, list);
      assert.equal(seen.length, 5, list);
    }
  }
});
