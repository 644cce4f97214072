import assert from "node:assert/strict";
import { addCustomer, readPage, utility } from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { texting } from "../support/texts.ts";
import { counted, processed } from "../support/uploads.ts";

/* Requests with as many items as the API takes, and with one more. */

Deno.test("POST /sms/send-bulk takes 10,000 recipients and no more", async () => {
  const { organization, clerk } = await texting();
  // Quiet hours keep these texts from occupying the carrier that other tests watch.
  const now = new Date().getUTCHours();
  const at = (hour: number) => `${String(hour % 24).padStart(2, "0")}:00`;
  await organization.admin.client.from("organizations")
    .update({ time_zone: "UTC", quiet_hours_start: at(now), quiet_hours_end: at(now + 2) }).eq(
      "id",
      organization.id,
    );
  const recipients = Array.from(
    { length: 10_001 },
    (_, i) => ({ to: `+23324${String(3_000_000 + i)}` }),
  );
  expectProblem(
    await call(clerk, "POST", "/sms/send-bulk", { message: "x", recipients }),
    422,
    "invalid_field",
  );
  const result = expectStatus<{ queued: number }>(
    await call(clerk, "POST", "/sms/send-bulk", { message: "x", recipients: recipients.slice(1) }),
    202,
  );
  assert.equal(result.queued, 10_000);
});

Deno.test("POST /actions/batch takes 10,000 actions and refuses 10,001", async () => {
  const { clerk } = await utility();
  const { id } = await addCustomer(clerk);
  const ids = await withDatabase((sql) =>
    sql<{ id: string }[]>`
      insert into public.customers (organization_id, name, account_number, phone, currency)
      select ${clerk.organizationId}, 'Many ' || n, 'M-' || n, '+23324' || (1000000 + n), 'GHS'
      from generate_series(1, 10000) n returning id`
  );
  const actions = ids.map(({ id }) => ({ customer_id: id, action: "disconnect" }));
  const tooMany = await call(clerk, "POST", "/actions/batch", {
    actions: [...actions, { customer_id: id, action: "warn" }],
  });
  expectProblem(tooMany, 422, "invalid_field");
  assert.equal((await readPage(clerk, "/actions")).total, 0);
  const batch = expectStatus<{ batch_id: string; created: number }>(
    await call(clerk, "POST", "/actions/batch", { actions }),
    201,
  );
  assert.equal(batch.created, 10_000);
  assert.equal((await readPage(clerk, `/actions?batch_id=${batch.batch_id}`)).total, 10_000);
  assert.equal((await readPage(clerk, "/customers?status=disconnected")).total, 10_000);
});

Deno.test("10,000 customers go in one request and 10,001 do not", async () => {
  const { clerk } = await utility();
  const customers = Array.from({ length: 10_001 }, (_, n) => ({
    name: `Customer ${n}`,
    account_number: `L-${n}`,
    phone: `+23324${1_000_000 + n}`,
  }));
  const tooMany = await call(clerk, "POST", "/upload/process-batch", { customers });
  expectProblem(tooMany, 422, "invalid_field");
  assert.deepEqual(await counted(clerk.organizationId), {
    customers: 0,
    actions: 0,
    messages: 0,
    batches: 0,
  });
  const batch = await processed(clerk, { customers: customers.slice(1), action: "disconnect" });
  assert.deepEqual([batch.created, batch.actions], [10_000, 10_000]);
  assert.equal((await readPage(clerk, "/customers?status=disconnected")).total, 10_000);
});
