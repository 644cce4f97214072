import assert from "node:assert/strict";
import {
  type ActionBody,
  addCustomer,
  readCustomer,
  readPage,
  utility,
} from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";

interface BatchBody {
  batch_id: string;
  created: number;
}

const send = (session: Caller, actions: unknown, headers: Record<string, string> = {}) =>
  call(session, "POST", "/actions/batch", { actions }, headers);

Deno.test("POST /actions/batch records all actions under one batch, and every status follows", async () => {
  const { clerk } = await utility();
  const customers = [await addCustomer(clerk), await addCustomer(clerk), await addCustomer(clerk)];
  const kinds = ["connect", "disconnect", "warn"];
  const actions = customers.map(({ id }, n) => ({
    customer_id: id,
    action: kinds[n],
    note: `n${n}`,
  }));
  const batch = expectStatus<BatchBody>(await send(clerk, actions), 201);
  assert.equal(batch.created, 3);
  const page = await readPage<ActionBody>(clerk, `/actions?batch_id=${batch.batch_id}`);
  assert.deepEqual(
    page.data.map((row) => [row.customer_id, row.action, row.note, row.source, row.performed_by]),
    actions.map((row) => [row.customer_id, row.action, row.note, "batch", clerk.userId]).reverse(),
  );
  const statuses = await Promise.all(customers.map(({ id }) => readCustomer(clerk, id)));
  assert.deepEqual(statuses.map(({ status }) => status), ["connected", "disconnected", "warned"]);
  const rows = await withDatabase((sql) =>
    sql`select kind, created_by, counts from public.batches where id = ${batch.batch_id}`
  );
  assert.deepEqual({ ...rows[0] }, {
    kind: "actions",
    created_by: clerk.userId,
    counts: { actions: 3 },
  });
});

Deno.test("Of several actions on one customer in a batch the last decides its status", async () => {
  const { clerk } = await utility();
  const { id } = await addCustomer(clerk);
  for (const kinds of [["warn", "disconnect", "connect", "warn"], ["disconnect", "connect"]]) {
    const actions = Array.from({ length: 50 }, () => kinds).flat()
      .map((action) => ({ customer_id: id, action }));
    expectStatus(await send(clerk, actions), 201);
    const last = kinds.at(-1) === "warn" ? "warned" : "connected";
    assert.equal((await readCustomer(clerk, id)).status, last);
    const newest = await readPage<ActionBody>(clerk, `/actions/customer/${id}?limit=1`);
    assert.equal(newest.data[0]?.action, kinds.at(-1), "and it is listed as the newest");
  }
});

Deno.test("POST /actions/batch with unknown or foreign customers names their places and records nothing", async () => {
  const [{ clerk }, theirs] = [await utility(), await utility()];
  const [known, foreign] = [await addCustomer(clerk), await addCustomer(theirs.clerk)];
  const ids = [known.id, crypto.randomUUID(), known.id, foreign.id];
  const answer = await send(
    clerk,
    ids.map((customer_id) => ({ customer_id, action: "disconnect" })),
  );
  const problem = expectProblem(answer, 422, "invalid_field");
  assert.deepEqual(problem.errors, [
    { path: "actions.1.customer_id", message: "There is no such customer." },
    { path: "actions.3.customer_id", message: "There is no such customer." },
  ]);
  assert.equal((await readPage(clerk, "/actions")).total, 0);
  assert.equal((await readCustomer(clerk, known.id)).status, "connected");
  assert.equal((await readCustomer(theirs.clerk, foreign.id)).status, "connected");
  const batches = await withDatabase((sql) =>
    sql`select id from public.batches where organization_id = ${clerk.organizationId}`
  );
  assert.equal(batches.length, 0, "no batch is left either");
});

Deno.test("POST /actions/batch refuses what is no list of actions, and names the places of bad ones", async () => {
  const { clerk } = await utility();
  const { id } = await addCustomer(clerk);
  const good = { customer_id: id, action: "warn" };
  for (
    const [actions, paths] of [
      [undefined, ["actions"]],
      [[], ["actions"]],
      [good, ["actions"]],
      [[good, null], ["actions.1"]],
      [[good, { ...good, action: "sms_sent" }, { ...good, customer_id: "x" }], [
        "actions.1.action",
        "actions.2.customer_id",
      ]],
    ] as const
  ) {
    const problem = expectProblem(await send(clerk, actions), 422, "invalid_field");
    assert.deepEqual(problem.errors?.map(({ path }) => path), paths, JSON.stringify(problem));
  }
  assert.equal((await readPage(clerk, "/actions")).total, 0);
});

Deno.test("POST /actions/batch repeated with its key records one batch; at the same moment too", async () => {
  const { clerk } = await utility();
  const { id } = await addCustomer(clerk);
  const key = { "idempotency-key": crypto.randomUUID() };
  const actions = [{ customer_id: id, action: "warn" }, { customer_id: id, action: "connect" }];
  const answers = await Promise.all([send(clerk, actions, key), send(clerk, actions, key)]);
  const first = expectStatus(await send(clerk, actions, key), 201);
  for (const answer of answers) {
    if (answer.status === 201) assert.deepEqual(answer.body, first);
    else expectProblem(answer, 409, "idempotency_in_progress");
  }
  expectProblem(await send(clerk, actions.slice(1), key), 422, "idempotency_key_reused");
  assert.equal((await readPage(clerk, "/actions")).total, 2);
});

Deno.test("Batches over the same customers at the same moment end with every one recorded whole or not at all", async () => {
  const { clerk } = await utility();
  const customers = await Promise.all(Array.from({ length: 20 }, () => addCustomer(clerk)));
  const orders = [customers, customers.toReversed(), customers, customers.toReversed()];
  const answers = await Promise.all(
    orders.map((order, n) =>
      send(
        clerk,
        order.map(({ id }) => ({ customer_id: id, action: n % 2 ? "warn" : "disconnect" })),
      )
    ),
  );
  const recorded = answers.filter(({ status }) => status === 201).length;
  for (const answer of answers.filter(({ status }) => status !== 201)) {
    expectProblem(answer, 409, "try_again");
  }
  assert.equal((await readPage(clerk, "/actions")).total, recorded * customers.length);
});
