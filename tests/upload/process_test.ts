import assert from "node:assert/strict";
import {
  type ActionBody,
  addCustomer,
  type CustomerBody,
  readCustomer,
  readPage,
  utility,
} from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { csv, processed, upload } from "../support/uploads.ts";

Deno.test("POST /upload/process-batch turns an upload into customers and counts new, changed and equal ones", async () => {
  const { clerk } = await utility();
  const same = await addCustomer(clerk, {
    name: "Same",
    account_number: "S-1",
    phone: "0244000001",
    arrears: 5,
  });
  const changed = await addCustomer(clerk, {
    name: "Old",
    account_number: "c-1",
    phone: "0244000002",
    arrears: 5,
  });
  const { upload_id } = await upload(
    clerk,
    csv(
      "Same,S-1,0244000001,5,",
      "New Name,C-1,0244000003,GHS 7.50,warned",
      "Fresh,F-1,0244000004,(9),",
    ),
  );
  const batch = await processed(clerk, { upload_id });
  assert.deepEqual({ ...batch, batch_id: "" }, {
    batch_id: "",
    created: 1,
    updated: 1,
    unchanged: 1,
    actions: 0,
    messages_queued: 0,
    skipped: [],
  });
  assert.deepEqual(await readCustomer(clerk, same.id), same, "an equal row changes nothing");
  const after = await readCustomer(clerk, changed.id);
  assert.deepEqual(
    [after.name, after.account_number, after.phone, after.arrears, after.status],
    ["New Name", "c-1", "+233244000003", "7.50", "warned"],
    "the account number is matched without case and keeps its own",
  );
  const fresh = await readPage<CustomerBody>(clerk, "/customers?search=F-1");
  assert.deepEqual(fresh.data.map(({ arrears, status }) => [arrears, status]), [[
    "-9.00",
    "connected",
  ]]);
  const rows = await withDatabase((sql) =>
    sql`select batch_id, processed_at is not null as processed, rows from public.uploads where id = ${upload_id}`
  );
  assert.deepEqual({ ...rows[0] }, { batch_id: batch.batch_id, processed: true, rows: [] });
});

Deno.test("A missing status means connected for a new customer and no change for a known one", async () => {
  const { clerk } = await utility();
  const known = await addCustomer(clerk, { account_number: "K-1", status: "disconnected" });
  const { upload_id } = await upload(
    clerk,
    csv("A,K-1,0244000001,1,", "B,N-1,0244000002,1,", "C,N-2,0244000003,1,warned"),
  );
  await processed(clerk, { upload_id });
  assert.equal((await readCustomer(clerk, known.id)).status, "disconnected");
  const page = await readPage<CustomerBody>(clerk, "/customers?search=N-&sort=account_number");
  assert.deepEqual(page.data.map(({ status }) => status), ["connected", "warned"]);
  const again = await upload(clerk, csv("A,K-1,0244000001,1,connected"));
  assert.equal((await processed(clerk, { upload_id: again.upload_id })).updated, 1);
  assert.equal((await readCustomer(clerk, known.id)).status, "connected");
});

Deno.test("With an action every customer of the batch gets it, and its status overrides the sheet's", async () => {
  const { clerk } = await utility();
  for (
    const [action, status] of [
      ["disconnect", "disconnected"],
      ["warn", "warned"],
      ["connect", "connected"],
    ] as const
  ) {
    const { upload_id } = await upload(
      clerk,
      csv("A,A-1,0244000001,1,connected", "B,B-1,0244000002,2,"),
    );
    const batch = await processed(clerk, { upload_id, action });
    assert.deepEqual([batch.actions, batch.messages_queued], [2, 0]);
    const actions = await readPage<ActionBody>(clerk, `/actions?batch_id=${batch.batch_id}`);
    assert.deepEqual(actions.data.map((row) => [row.action, row.source, row.performed_by]), [
      [action, "batch", clerk.userId],
      [action, "batch", clerk.userId],
    ]);
    assert.equal((await readPage(clerk, `/customers?status=${status}`)).total, 2);
  }
});

Deno.test("Customers in the request go the same way; bad and repeated ones are skipped with their reasons", async () => {
  const { clerk } = await utility();
  const customers = [
    { name: "Ama", account_number: "1", phone: "0244000001", arrears: "1,234.50" },
    { name: "", account_number: "2", phone: "12" },
    {
      name: "Kofi",
      account_number: "x-9",
      phone: 244000003,
      arrears: 5,
      status: "warned",
      extra: 1,
    },
    { name: "Again", account_number: "X-9", phone: "0244000004" },
    {},
  ];
  const batch = await processed(clerk, { customers, action: "warn" });
  assert.deepEqual([batch.created, batch.actions, batch.skipped.map(({ row }) => row)], [2, 2, [
    2,
    4,
    5,
  ]]);
  assert.match(batch.skipped[0]?.reason ?? "", /^name: .+ phone: /);
  assert.match(batch.skipped[1]?.reason ?? "", /^account_number: This account number repeats/);
  const valid = expectStatus(
    await call(clerk, "POST", "/upload/validate-customers", { customers }),
    200,
  ) as {
    valid: { index: number; arrears: string }[];
    invalid: { index: number; errors: unknown[] }[];
  };
  assert.deepEqual(valid.valid.map(({ index, arrears }) => [index, arrears]), [[0, "1234.50"], [
    2,
    "5.00",
  ]]);
  assert.deepEqual(valid.invalid.map(({ index, errors }) => [index, errors.length]), [[1, 2], [
    3,
    1,
  ], [4, 3]]);
  const none = await processed(clerk, { customers: [{}], action: "warn", send_sms: true });
  assert.deepEqual([none.created, none.actions, none.messages_queued, none.skipped.length], [
    0,
    0,
    0,
    1,
  ]);
});
