import assert from "node:assert/strict";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addLead, findLeads, type LeadBody, newLead, readLead } from "../support/leads.ts";
import { newOrganization } from "../support/people.ts";

interface Detail extends LeadBody {
  students: unknown[];
  counts: Record<string, number | null>;
}

Deno.test("POST /leads keeps what it is given, in the form in which it is looked up", async () => {
  const { admin } = await newOrganization();
  const answer = await call(admin, "POST", "/leads", {
    first_name: "  Ama\u00a0",
    last_name: "Serwaa\tMensah",
    email: " Ama@Example.COM ",
    phone: "024 412 3456",
    source: " Web Site ",
    value: "GHS 1,234.5",
    tags: ["hot", " vip ", "hot"],
    time_zone: "Africa/Accra",
    country: "gh",
    region: "Greater Accra",
  });
  const lead = expectStatus<LeadBody>(answer, 201);
  assert.equal(answer.headers.get("etag"), '"1"');
  const wanted = {
    version: 1,
    first_name: "Ama",
    last_name: "Serwaa Mensah",
    full_name: "Ama Serwaa Mensah",
    email: "ama@example.com",
    phone: "+233244123456",
    source: "web site",
    status: "new",
    outcome: null,
    value: "1234.50",
    currency: "GHS",
    tags: ["hot", "vip"],
    country: "GH",
    assigned_to: null,
    created_by: admin.userId,
    deleted_at: null,
  };
  assert.deepEqual({ ...lead, ...wanted }, lead);
  const detail = expectStatus<Detail>(await call(admin, "GET", `/leads/${lead.id}`), 200);
  assert.deepEqual({ ...lead, students: [], counts: detail.counts }, detail);
  assert.deepEqual(detail.counts, { students: 0, interactions: 0, open_tasks: 0, messages: 0 });
});

Deno.test("POST /leads needs a name, an address or a number, and any of them is enough", async () => {
  const { admin } = await newOrganization();
  for (const body of [{}, { first_name: " " }, { email: "", phone: null, source: "website" }]) {
    const problem = expectProblem(await call(admin, "POST", "/leads", body), 422, "invalid_field");
    assert.deepEqual(problem.errors?.map(({ path }) => path), [""]);
  }
  for (const body of [{ last_name: "Mensah" }, { email: "a@b.test" }, { phone: "0244123456" }]) {
    const lead = expectStatus<LeadBody>(await call(admin, "POST", "/leads", body), 201);
    assert.deepEqual([lead.value, lead.tags, lead.custom_fields], ["0.00", [], {}]);
    assert.equal(lead.source, "manual");
  }
});

Deno.test("POST /leads names every field that it cannot read", async () => {
  const { admin } = await newOrganization();
  for (
    const [field, value] of [
      ["phone", "12345"],
      ["phone", "x".repeat(101)],
      ["email", "ama"],
      ["email", "a b@c.test"],
      ["value", "-1"],
      ["value", "twelve"],
      ["value", "1e400"],
      ["value", "USD 5"],
      ["status", "gone"],
      ["status", "Not a key"],
      ["time_zone", "Ghana/Accra"],
      ["country", "GHA"],
      ["first_name", "x".repeat(101)],
      ["first_name", 5],
      ["tags", "hot"],
      ["source", ""],
      ["custom_fields", [1]],
      ["assigned_to", "me"],
      ["assigned_to", crypto.randomUUID()],
      ["team_id", crypto.randomUUID()],
    ] as const
  ) {
    const answer = await call(admin, "POST", "/leads", newLead({ [field]: value }));
    const problem = expectProblem(answer, 422, "invalid_field");
    assert.deepEqual(problem.errors?.map(({ path }) => path), [field], `${field}: ${value}`);
  }
  const tags = Array.from({ length: 51 }, (_, index) => `tag ${index}`);
  expectProblem(await call(admin, "POST", "/leads", newLead({ tags })), 422, "invalid_field");
  const both = expectProblem(
    await call(admin, "POST", "/leads", { phone: "1", value: "-1" }),
    422,
  );
  assert.deepEqual(both.errors?.map(({ path }) => path).sort(), ["phone", "value"]);
  assert.equal((await findLeads(admin)).total, 0);
});

Deno.test("POST /leads with the same Idempotency-Key adds one lead, also at the same moment", async () => {
  const { admin } = await newOrganization();
  const [key, body] = [{ "idempotency-key": crypto.randomUUID() }, newLead()];
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => call(admin, "POST", "/leads", body, key)),
  );
  for (const answer of answers.filter(({ status }) => status !== 201)) {
    expectProblem(answer, 409, "idempotency_in_progress");
  }
  const first = expectStatus<LeadBody>(await call(admin, "POST", "/leads", body, key), 201);
  for (const answer of answers.filter(({ status }) => status === 201)) {
    assert.deepEqual(answer.body, first);
  }
  assert.equal((await findLeads(admin)).total, 1);
  const other = await call(admin, "POST", "/leads", newLead(), key);
  expectProblem(other, 422, "idempotency_key_reused");
});

Deno.test("PATCH /leads/{id} changes what is given and empties what is null", async () => {
  const { admin } = await newOrganization();
  const lead = await addLead(admin, {
    email: "ama@example.com",
    region: "Volta",
    tags: ["a"],
    value: "5",
  });
  const path = `/leads/${lead.id}`;
  const change = { first_name: "Esi", email: null, region: "", tags: [], value: 7.5 };
  const changed = expectStatus<LeadBody>(await call(admin, "PATCH", path, change), 200);
  assert.deepEqual(
    [changed.full_name, changed.email, changed.region, changed.tags, changed.value],
    ["Esi Mensah", null, null, [], "7.50"],
  );
  assert.deepEqual([changed.version, changed.phone], [2, lead.phone]);
  assert.deepEqual((await readLead(admin, lead.id)).version, 2);
  for (const body of [{}, { nothing: 1 }, { version: 2 }]) {
    expectProblem(await call(admin, "PATCH", path, body), 422, "invalid_field");
  }
  const nobody = { first_name: "", last_name: "", phone: null };
  expectProblem(await call(admin, "PATCH", path, nobody), 422, "invalid_field");
  expectProblem(await call(admin, "PATCH", path, { phone: "12" }), 422, "invalid_field");
  assert.deepEqual((await readLead(admin, lead.id)).version, 2);
});

Deno.test("PATCH /leads/{id} takes a whole lead back, and leaves stage and holder to their endpoints", async () => {
  const { admin } = await newOrganization();
  const lead = await addLead(admin);
  const path = `/leads/${lead.id}`;
  const whole = await call(admin, "PATCH", path, { ...lead, first_name: "Esi" });
  assert.equal(expectStatus<LeadBody>(whole, 200).full_name, "Esi Mensah");
  for (const [field, value] of [["status", "won"], ["assigned_to", admin.userId]] as const) {
    const problem = expectProblem(await call(admin, "PATCH", path, { [field]: value }), 422);
    assert.deepEqual(problem.errors?.map((error) => error.path), [field]);
  }
  assert.equal((await readLead(admin, lead.id)).status, "new");
});

Deno.test("A change of nothing raises no version", async () => {
  const { admin } = await newOrganization();
  const lead = await addLead(admin);
  const change = { first_name: lead.first_name, phone: lead.phone };
  const same = expectStatus<LeadBody>(await call(admin, "PATCH", `/leads/${lead.id}`, change), 200);
  assert.deepEqual(same, lead);
});

Deno.test("A deleted lead is nowhere until it is restored, and then as it was", async () => {
  const { admin } = await newOrganization();
  const lead = await addLead(admin);
  const path = `/leads/${lead.id}`;
  expectStatus(await call(admin, "DELETE", path), 204);
  for (
    const [method, at, body] of [
      ["GET", path],
      ["DELETE", path],
      ["PATCH", path, { first_name: "Esi" }],
      ["GET", `${path}/students`],
      ["POST", `${path}/students`, { first_name: "Esi" }],
    ] as const
  ) {
    expectProblem(await call(admin, method, at, body), 404, "not_found");
  }
  assert.equal((await findLeads(admin)).total, 0);
  assert.equal((await findLeads(admin, { search: "mensah" })).total, 0);
  const gone = await findLeads(admin, { deleted: "true" });
  assert.deepEqual(gone.data.map(({ id }) => id), [lead.id]);
  assert.notEqual(gone.data[0]?.deleted_at, null);
  const restored = expectStatus<LeadBody>(await call(admin, "POST", `${path}/restore`), 200);
  assert.deepEqual([restored.deleted_at, restored.full_name], [null, lead.full_name]);
  const again = expectStatus<LeadBody>(await call(admin, "POST", `${path}/restore`), 200);
  assert.deepEqual(again, restored);
  assert.equal((await findLeads(admin)).total, 1);
  assert.equal((await findLeads(admin, { deleted: "true" })).total, 0);
});
