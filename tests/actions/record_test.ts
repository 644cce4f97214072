import assert from "node:assert/strict";
import {
  type ActionBody,
  addCustomer,
  readCustomer,
  readPage,
  utility,
} from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";

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
