import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem } from "../support/http.ts";
import { addLead, findLeads, setFields } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";
import { newOrganization } from "../support/people.ts";

type Query = Record<string, string>;

Deno.test("GET /leads sorts by each of its fields both ways, and pages without loss or repetition", async () => {
  const { id: organization, admin } = await newOrganization();
  for (let index = 0; index < 7; index++) {
    await addLead(admin, { first_name: `N${(index * 3) % 7}`, value: `${(index * 5) % 7}` });
  }
  await withDatabase((sql) =>
    sql`update public.leads set sla_status = 'running', sla_started_at = now(),
        sla_deadline = now() + value * interval '1 hour'
      where organization_id = ${organization} and value > 2`
  );
  for (const field of ["created_at", "updated_at", "full_name", "value", "sla_deadline"]) {
    const ascending = (await findLeads(admin, { sort: field })).data.map(({ id }) => id);
    const descending = (await findLeads(admin, { sort: `-${field}` })).data.map(({ id }) => id);
    assert.deepEqual(descending, [...ascending].reverse(), field);
    const paged: string[] = [];
    for (let offset = 0; offset < 9; offset += 2) {
      const page = await findLeads(admin, { sort: field, limit: "2", offset: `${offset}` });
      assert.deepEqual([page.total, page.limit, page.offset], [7, 2, offset]);
      paged.push(...page.data.map(({ id }) => id));
    }
    assert.deepEqual(paged, ascending, field);
  }
  const values = (await findLeads(admin, { sort: "value" })).data.map(({ value }) => Number(value));
  assert.deepEqual(values, [0, 1, 2, 3, 4, 5, 6]);
  const clocks = (await findLeads(admin, { sort: "sla_deadline" })).data.map(({ value }) => value);
  assert.deepEqual(clocks.slice(0, 4), ["3.00", "4.00", "5.00", "6.00"]);
});

Deno.test("Of a team's list no lead comes twice, however many ways lead to it", async () => {
  const office = await newOffice();
  const { manager } = office;
  for (let index = 0; index < 3; index++) {
    await addLead(manager, { assigned_to: manager.userId });
    await addLead(manager, { assigned_to: office.counselor.userId });
    await addLead(manager);
    await addLead(office.otherCounselor);
  }
  for (const limit of [1, 2, 4, 50]) {
    const seen: string[] = [];
    for (let offset = 0; offset < 9; offset += limit) {
      const page = await findLeads(manager, { limit: `${limit}`, offset: `${offset}` });
      assert.equal(page.total, 9);
      seen.push(...page.data.map(({ id }) => id));
    }
    assert.equal(new Set(seen).size, 9);
    assert.equal(seen.length, 9);
  }
});

Deno.test("GET /leads narrows by each filter, and by several at once", async () => {
  const office = await newOffice();
  const { admin, counselor } = office;
  const a = await addLead(admin, {
    last_name: "A",
    source: "Website",
    tags: ["hot", "vip"],
    assigned_to: counselor.userId,
  });
  const b = await addLead(admin, { last_name: "B", source: "event", status: "qualified" });
  const c = await addLead(admin, { last_name: "C", tags: ["ho"], team_id: office.otherTeam });
  const d = await addLead(admin, { last_name: "D", status: "won" });
  await withDatabase(async (sql) => {
    await sql`update public.leads set sla_status = 'due_soon', sla_started_at = now(),
      sla_deadline = now() where id = ${a.id}`;
    await sql`update public.leads set sla_status = 'breached', sla_started_at = now(),
      sla_deadline = now(), sla_breached_at = now() where id = ${b.id}`;
    await sql`update public.leads set created_at = '2026-03-10 23:30+00' where id = ${c.id}`;
    await sql`update public.leads set created_at = '2026-03-11 00:00+00' where id = ${d.id}`;
  });
  const found = async (query: Query) =>
    (await findLeads(admin, { sort: "full_name", ...query })).data.map(({ last_name }) => last_name)
      .join("");
  for (
    const [query, names] of [
      [{}, "ABCD"],
      [{ status: "new" }, "AC"],
      [{ status: "nowhere" }, ""],
      [{ source: "WEBSITE" }, "A"],
      [{ assigned_to: counselor.userId }, "A"],
      [{ assigned_to: "none" }, "BCD"],
      [{ assigned_to: "me" }, ""],
      [{ tag: "hot" }, "A"],
      [{ tag: "h" }, ""],
      [{ team_id: office.otherTeam }, "C"],
      [{ team_id: crypto.randomUUID() }, ""],
      [{ sla: "due" }, "A"],
      [{ sla: "breached" }, "B"],
      [{ created_from: "2026-03-11", created_to: "2026-03-11" }, "D"],
      [{ created_to: "2026-03-10" }, "C"],
      [{ created_to: "2026-03-11T00:00:00Z" }, "C"],
      [{ created_to: "2026-03-11" }, "CD"],
      [{ created_from: "2026-03-11T02:00:00+02:00", created_to: "2026-03-12" }, "D"],
      [{ created_from: "2026-04-01" }, "AB"],
      [{ status: "new", tag: "vip", source: "website", search: "ama" }, "A"],
      [{ status: "won", tag: "vip" }, ""],
      [{ search: "", tag: "" }, "ABCD"],
    ] as const
  ) {
    assert.equal(await found(query), names, JSON.stringify(query));
  }
  assert.equal((await findLeads(counselor, { assigned_to: "me" })).total, 1);
});

Deno.test("A day of created_from and created_to is one of the organization's own", async () => {
  const { id: organization, admin } = await newOrganization({ country: "GH" });
  const { id } = await addLead(admin);
  await withDatabase(async (sql) => {
    await sql`update public.organizations set time_zone = 'Pacific/Auckland'
      where id = ${organization}`;
    await sql`update public.leads set created_at = '2026-03-10 12:00+00' where id = ${id}`;
  });
  const total = async (query: Query) => (await findLeads(admin, query)).total;
  assert.equal(await total({ created_from: "2026-03-11", created_to: "2026-03-11" }), 1);
  assert.equal(await total({ created_to: "2026-03-10" }), 0);
});

Deno.test("Search finds names, addresses, numbers as people write them, and custom texts", async () => {
  const { admin } = await newOrganization();
  await setFields(admin, [
    { key: "program", label: "Program", type: "text" },
    { key: "size", label: "Size", type: "number" },
  ]);
  await addLead(admin, {
    first_name: "Élise",
    last_name: "Owusu-Ansah",
    email: "elise@example.com",
    phone: "0244123456",
    custom_fields: { program: 'A "big" plan\\B', size: 987 },
  });
  await addLead(admin, { first_name: "محمد", last_name: "علي", phone: "0200333444" });
  await addLead(admin, { first_name: "100%", last_name: "under_score", phone: "0271111222" });
  const found = async (search: string) =>
    (await findLeads(admin, { search, sort: "created_at" })).data.map(({ first_name }) =>
      first_name
    ).join(" ");
  for (
    const [search, names] of [
      ["élise", "Élise"],
      ["ÉLISE OWU", "Élise"],
      ["owusu-a", "Élise"],
      ["ELISE@EXAMPLE", "Élise"],
      ["+233244123456", "Élise"],
      ["0244123456", "Élise"],
      ["024 412 34", "Élise"],
      ["(024) 412-3456", "Élise"],
      ["00233244123456", "Élise"],
      ["+233 (0)24", "Élise"],
      ["0333", "محمد"],
      ["3456", "Élise"],
      ["big", "Élise"],
      ['"big"', "Élise"],
      ["plan\\b", "Élise"],
      ["987", ""],
      ["حم", "محمد"],
      ["%", "100%"],
      ["0%", "100%"],
      ["_", "100%"],
      ["r_s", "100%"],
      ["p%n", ""],
      ["__", ""],
      ["\\", "Élise"],
      ["'; drop table leads; --", ""],
      ["nobody", ""],
      ["", "Élise محمد 100%"],
      ["  ", "Élise محمد 100%"],
    ] as const
  ) {
    assert.equal(await found(search), names, search);
  }
});

Deno.test("GET /leads refuses parameters that mean nothing and names them", async () => {
  const { admin } = await newOrganization();
  for (
    const [name, value] of [
      ["limit", "0"],
      ["limit", "201"],
      ["offset", "-1"],
      ["offset", "1000001"],
      ["sort", "organization_id"],
      ["sort", "--value"],
      ["sort", "search_text"],
      ["status", "Not a key"],
      ["assigned_to", "them"],
      ["team_id", "north"],
      ["sla", "met"],
      ["created_from", "yesterday"],
      ["created_to", "2026-02-30"],
      ["deleted", "yes"],
      ["search", "x".repeat(201)],
      ["tag", "x".repeat(51)],
    ] as const
  ) {
    const answer = await call(admin, "GET", `/leads?${new URLSearchParams({ [name]: value })}`);
    const problem = expectProblem(answer, 422, "invalid_field");
    assert.deepEqual(problem.errors?.map(({ path }) => path), [name], `${name}=${value}`);
  }
  expectProblem(await call(admin, "GET", "/leads?search=%00"), 422, "invalid_field");
});
