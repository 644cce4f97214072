import assert from "node:assert/strict";
import {
  type ActionBody,
  addCustomer,
  readCustomer,
  readPage,
  strangersToCustomers,
  utility,
} from "./support/customers.ts";
import { withDatabase } from "./support/db.ts";
import { call, expectProblem, expectStatus } from "./support/http.ts";
import { addMember } from "./support/organization.ts";

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";
const asJson = { "content-type": "application/json" };

Deno.test("POST /actions records who did what, and the customer's status follows", async () => {
  const { organization, clerk } = await utility();
  const { id } = await addCustomer(clerk);
  for (
    const [action, status] of [
      ["disconnect", "disconnected"],
      ["warn", "warned"],
      ["connect", "connected"],
    ] as const
  ) {
    const body = { customer_id: id, action, note: `to ${action}` };
    const created = expectStatus<ActionBody>(await call(clerk, "POST", "/actions", body), 201);
    assert.deepEqual(
      { ...created, id: "", timestamp: "" },
      {
        id: "",
        timestamp: "",
        customer_id: id,
        action,
        note: `to ${action}`,
        source: "manual",
        batch_id: null,
        performed_by: clerk.userId,
        performed_by_name: "Test Person",
      },
    );
    assert.equal((await readCustomer(clerk, id)).status, status);
  }
  const rows = await withDatabase((sql) =>
    sql`select organization_id, action, performed_by from public.customer_actions
      where customer_id = ${id} order by id desc limit 1`
  );
  assert.deepEqual({ ...rows[0] }, {
    organization_id: organization.id,
    action: "connect",
    performed_by: clerk.userId,
  });
});

Deno.test("The one who performed an action is the caller, whatever the body or the Data API is told", async () => {
  const { organization, clerk } = await utility();
  const { id } = await addCustomer(clerk);
  const claims = { performed_by: organization.admin.userId, source: "batch", batch_id: missing };
  const body = { customer_id: id, action: "warn", ...claims, organization_id: missing };
  const created = expectStatus<ActionBody>(await call(clerk, "POST", "/actions", body), 201);
  assert.deepEqual([created.performed_by, created.source, created.batch_id], [
    clerk.userId,
    "manual",
    null,
  ]);
  const batch = { actions: [body] };
  expectStatus(await call(clerk, "POST", "/actions/batch", batch), 201);
  const page = await readPage<ActionBody>(clerk, "/actions");
  assert.deepEqual(page.data.map(({ performed_by }) => performed_by), [clerk.userId, clerk.userId]);
  const direct = await clerk.client.from("customer_actions").insert({
    organization_id: organization.id,
    customer_id: id,
    action: "warn",
    performed_by: organization.admin.userId,
  });
  assert.equal(direct.error?.code, "42501", "the Data API lets nobody name another");
});

Deno.test("POST /actions refuses bad fields and customers that are not there; nothing is recorded", async () => {
  const [{ clerk }, theirs] = [await utility(), await utility()];
  const { id } = await addCustomer(clerk);
  const foreign = await addCustomer(theirs.clerk);
  for (
    const [body, path] of [
      [{}, "customer_id"],
      [{ action: "warn" }, "customer_id"],
      [{ customer_id: "42", action: "warn" }, "customer_id"],
      [{ customer_id: id }, "action"],
      [{ customer_id: id, action: "sms_sent" }, "action"],
      [{ customer_id: id, action: "explode" }, "action"],
      [{ customer_id: id, action: ["warn"] }, "action"],
      [{ customer_id: id, action: "warn", note: "n".repeat(2_001) }, "note"],
      [{ customer_id: id, action: "warn", note: 5 }, "note"],
    ] as const
  ) {
    const problem = expectProblem(
      await call(clerk, "POST", "/actions", body),
      422,
      "invalid_field",
    );
    assert.equal(problem.errors?.[0]?.path, path, JSON.stringify([body, problem]));
  }
  for (const body of ["", "{", "nonsense"]) {
    expectProblem(await call(clerk, "POST", "/actions", body, asJson), 400, "malformed");
  }
  const problems = [foreign.id, missing].map(async (customer_id) => {
    const answer = await call(clerk, "POST", "/actions", { customer_id, action: "disconnect" });
    return { ...expectProblem(answer, 404, "not_found"), request_id: "" };
  });
  const [first, second] = await Promise.all(problems);
  assert.deepEqual(first, second, "nobody can tell whose it is");
  assert.equal((await readPage(clerk, "/actions")).total, 0);
  assert.equal((await readCustomer(theirs.clerk, foreign.id)).status, "connected");
});

Deno.test("POST /actions repeated with the same key records one action; at the same moment too", async () => {
  const { clerk } = await utility();
  const { id } = await addCustomer(clerk);
  const [key, body] = [{ "idempotency-key": crypto.randomUUID() }, {
    customer_id: id,
    action: "warn",
  }];
  const send = () => call(clerk, "POST", "/actions", body, key);
  const answers = await Promise.all([send(), send(), send()]);
  const first = expectStatus(await send(), 201);
  for (const answer of answers) {
    if (answer.status === 201) assert.deepEqual(answer.body, first);
    else expectProblem(answer, 409, "idempotency_in_progress");
  }
  const other = await call(clerk, "POST", "/actions", { ...body, action: "connect" }, key);
  expectProblem(other, 422, "idempotency_key_reused");
  assert.equal((await readPage(clerk, "/actions")).total, 1);
});

Deno.test("GET /actions lists newest first, in pages, by customer, kind and batch", async () => {
  const { clerk } = await utility();
  const [one, two] = [await addCustomer(clerk), await addCustomer(clerk)];
  const notes = ["first", "second", "third"];
  for (const note of notes) {
    const body = { customer_id: one.id, action: note === "second" ? "warn" : "connect", note };
    expectStatus(await call(clerk, "POST", "/actions", body), 201);
  }
  const actions = [{ customer_id: two.id, action: "disconnect", note: "batch" }];
  const { batch_id } = expectStatus<{ batch_id: string }>(
    await call(clerk, "POST", "/actions/batch", { actions }),
    201,
  );
  const found = async (path: string) => {
    const page = await readPage<ActionBody>(clerk, path);
    return [page.data.map(({ note }) => note), page.total];
  };
  assert.deepEqual(await found("/actions"), [["batch", "third", "second", "first"], 4]);
  assert.deepEqual(await found("/actions?limit=2&offset=1"), [["third", "second"], 4]);
  assert.deepEqual(await found("/actions?action=warn"), [["second"], 1]);
  assert.deepEqual(await found("/actions?action=sms_sent"), [[], 0]);
  assert.deepEqual(await found(`/actions?batch_id=${batch_id}`), [["batch"], 1]);
  assert.deepEqual(await found(`/actions?customer_id=${two.id}`), [["batch"], 1]);
  assert.deepEqual(await found(`/actions/customer/${one.id}?limit=2`), [["third", "second"], 3]);
  assert.deepEqual(await found(`/actions/customer/${one.id}?offset=2`), [["first"], 3]);
  for (const query of ["action=explode", "customer_id=1", "batch_id=1", "limit=0", "offset=-1"]) {
    expectProblem(await call(clerk, "GET", `/actions?${query}`), 422, "invalid_field");
  }
  expectProblem(await call(clerk, "GET", "/actions/customer/42"), 422, "invalid_field");
});

Deno.test("GET /actions/customer/{id} answers 404 for another organization's customer as for a missing one", async () => {
  const [{ clerk }, theirs] = [await utility(), await utility()];
  const { id } = await addCustomer(theirs.clerk);
  const answers = [];
  for (const customer of [id, missing]) {
    const paths = [`/actions/customer/${customer}`, `/actions?customer_id=${customer}`];
    for (const path of paths) {
      const problem = expectProblem(await call(clerk, "GET", path), 404, "not_found");
      answers.push({ ...problem, request_id: "" });
    }
  }
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
});

Deno.test("Admins and operators act on customers, viewers read what was done, other roles neither", async () => {
  const { organization, clerk } = await utility();
  const { id } = await addCustomer(clerk);
  const body = { customer_id: id, action: "warn" };
  for (const role of ["viewer", ...strangersToCustomers]) {
    const person = await addMember(organization, role);
    for (const path of ["/actions", `/actions/customer/${id}`]) {
      const answer = await call(person, "GET", path);
      if (role === "viewer") expectStatus(answer, 200);
      else assert.match(expectProblem(answer, 403, "permission_denied").detail, /actions:read/);
    }
    for (
      const [path, sent] of [["/actions", body], ["/actions/batch", { actions: [body] }]] as const
    ) {
      const problem = expectProblem(
        await call(person, "POST", path, sent),
        403,
        "permission_denied",
      );
      assert.match(problem.detail, /actions:write/, role);
    }
  }
  assert.equal((await readPage(clerk, "/actions")).total, 0);
  expectStatus(await call(organization.admin, "POST", "/actions", body), 201);
});
