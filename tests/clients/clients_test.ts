import assert from "node:assert/strict";
import {
  addClient,
  type ClientBody,
  type ClientPage,
  dayFromNow,
  readClient,
} from "../support/clients.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization } from "../support/people.ts";

Deno.test("POST /clients keeps what it is given, in the forms of the database", async () => {
  const { admin } = await newOrganization();
  const made = await addClient(admin, {
    name: "  Volta   Foods Ltd ",
    segment: "enterprise",
    since: "2024-03-01",
    amount: "1,200.50",
    phone: "024 410 0999",
    email: "Office@Volta.example.com",
    region: "Volta",
    external_id: "C-77",
    stated_risk: "high",
    custom_fields: { fleet: 12 },
    contacts: [{ name: "Ama", phone: "0244100998", is_primary: true }, {
      name: "Kofi",
      role: "IT",
    }],
  });
  const read = await readClient(admin, made.id);
  assert.deepEqual(read, made);
  assert.deepEqual({
    name: read.name,
    segment_label: read.segment_label,
    status: read.status,
    since: read.since,
    mrr: read.mrr,
    currency: read.currency,
    phone: read.phone,
    email: read.email,
    created_by_name: read.created_by_name,
    version: read.version,
  }, {
    name: "Volta Foods Ltd",
    segment_label: "Enterprises",
    status: "active",
    since: "2024-03-01",
    mrr: "1200.50",
    currency: "GHS",
    phone: "+233244100999",
    email: "office@volta.example.com",
    created_by_name: "Test Person",
    version: 1,
  });
  assert.deepEqual(read.contacts.map(({ name, phone }) => [name, phone]), [
    ["Ama", "+233244100998"],
    ["Kofi", null],
  ]);
});

Deno.test("A client of ChurnGuard is taken as it was written there, and has its columns in the answer", async () => {
  const { admin } = await newOrganization();
  const made = await addClient(admin, {
    name: "Old",
    segment: "individual",
    since: "March 2021",
    churn_risk: "High",
    contacts: { name: "Ama", email: "ama@example.com" },
    monthly_revenue: "GHS 350",
  });
  assert.deepEqual(
    [made.since, made.stated_risk, made.monthly_revenue, made.mrr, made.contacts.length],
    ["2021-03-01", "high", "350.00", "350.00", 1],
  );
  // Nothing is made up before there is a model.
  assert.deepEqual([made.churn_risk, made.churn_trend, made.churn_trend_days, made.score], [
    null,
    null,
    null,
    null,
  ]);
});

Deno.test("POST /clients refuses what is not right, and says where", async () => {
  const { admin } = await newOrganization();
  const refused: [Record<string, unknown>, string][] = [
    [{ name: "" }, "name"],
    [{ name: "x", phone: "12" }, "phone"],
    [{ name: "x", contacts: [{ name: "a", phone: "12" }] }, "contacts.0.phone"],
    [{ name: "x", amount: "-5" }, "amount"],
    [{ name: "x", amount: "many" }, "amount"],
    [{ name: "x", since: "some time ago" }, "since"],
    [{ name: "x", segment: "nope" }, "segment"],
    [{ name: "x", email: "nobody" }, "email"],
    [{ name: "x", contract_ends_on: "2026-02-30" }, "contract_ends_on"],
    [{ name: "x", owner_id: crypto.randomUUID() }, "owner_id"],
    [{ name: "x", currency: "cedi" }, "currency"],
  ];
  for (const [body, path] of refused) {
    const problem = expectProblem(await call(admin, "POST", "/clients", body), 422);
    assert.equal(problem.errors?.[0]?.path, path, JSON.stringify(problem));
  }
  const { total } = expectStatus<ClientPage>(await call(admin, "GET", "/clients"), 200);
  assert.equal(total, 0);
});

Deno.test("An external_id is one client's alone, and free again when that is deleted", async () => {
  const { admin } = await newOrganization();
  const first = await addClient(admin, { external_id: "C-1" });
  const answer = await call(admin, "POST", "/clients", { name: "x", external_id: "c-1" });
  assert.equal(
    (expectProblem(answer, 409, "duplicate_client") as unknown as { existing_id: string })
      .existing_id,
    first.id,
  );
  expectStatus(await call(admin, "DELETE", `/clients/${first.id}`), 204);
  await addClient(admin, { external_id: "C-1" });
  expectProblem(await call(admin, "POST", `/clients/${first.id}/restore`), 409, "duplicate_client");
});

Deno.test("A repeat of POST /clients with the same Idempotency-Key adds nothing", async () => {
  const { admin } = await newOrganization();
  const headers = { "idempotency-key": `"${crypto.randomUUID()}"` };
  const [one, two] = [
    await call(admin, "POST", "/clients", { name: "Once", amount: 5 }, headers),
    await call(admin, "POST", "/clients", { name: "Once", amount: 5 }, headers),
  ];
  assert.equal(expectStatus<ClientBody>(one, 201).id, expectStatus<ClientBody>(two, 201).id);
  assert.equal(expectStatus<ClientPage>(await call(admin, "GET", "/clients"), 200).total, 1);
});

Deno.test("PUT /clients/{id} replaces, and clears what is left out", async () => {
  const { admin } = await newOrganization();
  const made = await addClient(admin, {
    region: "Volta",
    phone: "0244100999",
    amount: 10,
    since: "2026-01-01",
    owner_id: admin.userId,
    contacts: [{ name: "Ama" }],
  });
  const answer = await call(admin, "PUT", `/clients/${made.id}`, {
    name: "New",
    segment: "enterprise",
  });
  const replaced = expectStatus<ClientBody>(answer, 200);
  assert.deepEqual(
    [
      replaced.name,
      replaced.segment,
      replaced.region,
      replaced.phone,
      replaced.owner_id,
      replaced.contacts.length,
    ],
    ["New", "enterprise", null, null, admin.userId, 1],
  );
  assert.deepEqual([replaced.mrr, replaced.since, replaced.version], ["10.00", "2026-01-01", 2]);
  assert.equal(answer.headers.get("etag"), '"2"');
});

Deno.test("What GET gives can be PUT again and changes nothing", async () => {
  const { admin } = await newOrganization();
  const made = await addClient(admin, {
    amount: 10,
    since: "2026-01-01",
    contacts: [{ name: "Ama" }],
  });
  const again = expectStatus<ClientBody>(
    await call(admin, "PUT", `/clients/${made.id}`, await readClient(admin, made.id)),
    200,
  );
  assert.deepEqual(again, made);
});

Deno.test("PUT does not change what follows from movements", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { amount: 10, since: "2026-01-01" });
  for (const [path, value] of Object.entries({ status: "churned", mrr: "99", currency: "USD" })) {
    const answer = await call(admin, "PUT", `/clients/${id}`, { name: "x", [path]: value });
    assert.equal(expectProblem(answer, 422).errors?.[0]?.path, path);
  }
  const ignored = await call(admin, "PUT", `/clients/${id}`, { name: "x", score: 99, band: "top" });
  assert.deepEqual(
    [expectStatus<ClientBody>(ignored, 200).score, expectStatus<ClientBody>(ignored, 200).band],
    [null, null],
  );
});

Deno.test("PUT with an old version gets 409 with the client as it is", async () => {
  const { admin } = await newOrganization();
  const made = await addClient(admin);
  const put = (version: number, name: string) =>
    call(admin, "PUT", `/clients/${made.id}`, { name }, { "if-match": `"${version}"` });
  expectStatus(await put(1, "First"), 200);
  const stale = expectProblem(await put(1, "Second"), 409, "stale_version");
  assert.equal((stale as unknown as { current: ClientBody }).current.name, "First");
  assert.equal((await readClient(admin, made.id)).name, "First");
});

Deno.test("The first day of service can be corrected by PUT, not beyond a later movement", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { amount: 10, since: "2026-05-01" });
  expectStatus(
    await call(admin, "POST", `/clients/${id}/mrr`, { amount: 20, effective_on: "2026-06-01" }),
    200,
  );
  const put = (since: string) => call(admin, "PUT", `/clients/${id}`, { name: "x", since });
  assert.equal(expectStatus<ClientBody>(await put("2025-02-03"), 200).since, "2025-02-03");
  expectProblem(await put("2026-06-01"), 422);
  expectProblem(await put(dayFromNow(3)), 422);
});

Deno.test("GET /clients filters, searches and sorts", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const owner = await addMember(organization, "marketing_agent");
  await addClient(admin, {
    name: "Alpha",
    segment: "enterprise",
    amount: 30,
    owner_id: owner.userId,
  });
  await addClient(admin, {
    name: "Beta",
    amount: 10,
    external_id: "ERP-5",
    contract_ends_on: "2027-01-31",
  });
  await addClient(admin, { name: "Gamma 100%", amount: 20, phone: "0244100777", trial: true });
  const names = async (query: string) =>
    expectStatus<ClientPage>(await call(admin, "GET", `/clients?${query}`), 200).data.map((
      { name },
    ) => name);
  assert.deepEqual(await names("sort=name"), ["Alpha", "Beta", "Gamma 100%"]);
  assert.deepEqual(await names("sort=-mrr"), ["Alpha", "Beta", "Gamma 100%"]);
  assert.deepEqual(await names("status=trial"), ["Gamma 100%"]);
  assert.deepEqual(await names("segment=enterprise"), ["Alpha"]);
  assert.deepEqual(await names(`owner=${owner.userId}`), ["Alpha"]);
  assert.deepEqual(await names("owner=none&sort=name"), ["Beta", "Gamma 100%"]);
  assert.deepEqual(await names("band=none&sort=name"), ["Alpha", "Beta", "Gamma 100%"]);
  assert.deepEqual(await names("contract_ends_to=2027-02-01"), ["Beta"]);
  assert.deepEqual(await names("search=erp-5"), ["Beta"]);
  assert.deepEqual(await names("search=0244100777"), ["Gamma 100%"]);
  assert.deepEqual(await names("search=100%25"), ["Gamma 100%"]);
  assert.deepEqual(await names("search=nobody"), []);
  expectProblem(await call(admin, "GET", "/clients?sort=secret"), 422);
  const page = expectStatus<ClientPage>(
    await call(admin, "GET", "/clients?limit=1&offset=1&sort=name"),
    200,
  );
  assert.deepEqual([page.total, page.data[0]?.name], [3, "Beta"]);
  assert.equal(
    expectStatus<ClientPage>(await call(owner, "GET", "/clients?owner=me"), 200).total,
    1,
  );
});

Deno.test("A deleted client is in no list and can be restored", async () => {
  const { admin } = await newOrganization();
  const made = await addClient(admin, { amount: 10, since: "2026-01-01" });
  expectStatus(await call(admin, "DELETE", `/clients/${made.id}`), 204);
  expectProblem(await call(admin, "GET", `/clients/${made.id}`), 404, "not_found");
  expectProblem(await call(admin, "DELETE", `/clients/${made.id}`), 404, "not_found");
  assert.equal(expectStatus<ClientPage>(await call(admin, "GET", "/clients"), 200).total, 0);
  assert.equal(
    expectStatus<ClientPage>(await call(admin, "GET", "/clients?deleted=true"), 200).total,
    1,
  );
  for (let twice = 0; twice < 2; twice++) {
    const restored = await call(admin, "POST", `/clients/${made.id}/restore`);
    assert.equal(expectStatus<ClientBody>(restored, 200).mrr, "10.00");
  }
  assert.equal((await readClient(admin, made.id)).status, "active");
});

Deno.test("Two clients that are one are merged: the older one remains", async () => {
  const { admin } = await newOrganization();
  const older = await addClient(admin, { name: "Older", amount: 10, since: "2026-01-01" });
  const newer = await addClient(admin, {
    name: "Newer",
    amount: 7,
    since: "2026-02-01",
    region: "Volta",
    contacts: [{ name: "Ama" }],
  });
  await call(admin, "POST", `/clients/${newer.id}/interactions`, { type: "call", subject: "Hi" });
  const merge = () => call(admin, "POST", `/clients/${newer.id}/merge`, { duplicate_id: older.id });
  const remaining = expectStatus<ClientBody>(await merge(), 200);
  assert.deepEqual(
    [remaining.id, remaining.name, remaining.region, remaining.mrr, remaining.contacts.length],
    [older.id, "Older", "Volta", "10.00", 1],
  );
  const interactions = await call(admin, "GET", `/clients/${older.id}/interactions`);
  assert.equal(expectStatus<{ total: number }>(interactions, 200).total, 1);
  expectProblem(await call(admin, "GET", `/clients/${newer.id}`), 404);
  const repeated = expectProblem(await merge(), 409, "already_merged");
  assert.equal((repeated as unknown as { merged_into: string }).merged_into, older.id);
  expectProblem(await call(admin, "POST", `/clients/${newer.id}/restore`), 409, "merged");
  expectProblem(
    await call(admin, "POST", `/clients/${older.id}/merge`, { duplicate_id: older.id }),
    422,
  );
});

Deno.test("GET /clients/{id}/detail has everything in one call", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, {
    amount: 10,
    since: "2026-01-01",
    contacts: [{ name: "Ama" }],
  });
  await call(admin, "POST", `/clients/${id}/interactions`, { type: "call" });
  await call(admin, "POST", `/clients/${id}/issues`, { title: "Dark" });
  const answer = await call(admin, "GET", `/clients/${id}/detail`);
  const detail = expectStatus<Record<string, unknown[]> & { client: ClientBody }>(answer, 200);
  assert.deepEqual(detail.client, await readClient(admin, id));
  for (const part of ["contacts", "interactions", "issues", "spells", "movements"]) {
    assert.equal(detail[part]?.length, 1, part);
  }
  assert.match(answer.headers.get("server-timing") ?? "", /desc="[12] calls"/);
});
