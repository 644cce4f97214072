import assert from "node:assert/strict";
import { readPage, utility } from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { accepted, ordinaryNumber } from "../support/texts.ts";
import { counted, csv, processed, upload } from "../support/uploads.ts";
import { until } from "../support/wait.ts";

const nothing = { customers: 0, actions: 0, messages: 0, batches: 0 };

async function bodies(session: Caller, batchId: string): Promise<string[]> {
  const page = await readPage<{ message: string }>(session, `/sms/messages?batch_id=${batchId}`);
  return page.data.map(({ message }) => message).sort();
}

Deno.test("Texts come from the action's template, or from the message of the request, with each customer's own words", async () => {
  const { clerk } = await utility({ name: "Volta Power" });
  const sheet = csv(`Ama,A-1,${ordinaryNumber()},"1,234.50",`, `Kofi,B-1,${ordinaryNumber()},(5),`);
  const warning =
    "Dear Ama, account A-1 owes GHS 1,234.50. Please pay soon to avoid disconnection. Volta Power";
  const cases: [Record<string, unknown>, number, number, string | null][] = [
    [{}, 0, 0, null],
    [{ action: "warn" }, 2, 0, null],
    [{ message: "unused" }, 0, 0, null],
    [{ action: "connect", message: "unused" }, 2, 0, null],
    [{ action: "warn", send_sms: true }, 2, 2, warning],
    [
      {
        action: "disconnect",
        send_sms: true,
        message: "{{ name }}/{{account_number}}/{{arrears}}/{{organization}}",
      },
      2,
      2,
      "Ama/A-1/GHS 1,234.50/Volta Power",
    ],
    [{ send_sms: true, message: "Hello {{name}}" }, 0, 2, "Hello Ama"],
  ];
  for (const [options, actions, texts, body] of cases) {
    const { upload_id } = await upload(clerk, sheet);
    const batch = await processed(clerk, { upload_id, ...options });
    const shown = JSON.stringify(options);
    assert.deepEqual([batch.actions, batch.messages_queued], [actions, texts], shown);
    const sent = await bodies(clerk, batch.batch_id);
    assert.equal(sent.length, texts, shown);
    if (body !== null) assert(sent.includes(body), `${shown}: ${JSON.stringify(sent)}`);
  }
  const { upload_id } = await upload(clerk, sheet);
  const silent = { upload_id, send_sms: true };
  expectProblem(
    await call(clerk, "POST", "/upload/process-batch", silent),
    422,
    "message_required",
  );
});

Deno.test("A number that opted out is skipped with the reason, and no text for it is queued", async () => {
  const { organization, clerk } = await utility();
  const [good, out] = [ordinaryNumber(), ordinaryNumber()];
  const { error } = await organization.admin.client.from("suppressions")
    .insert({
      organization_id: organization.id,
      phone: out,
      source: "manual",
      reason: "asked by phone",
    });
  assert.equal(error, null);
  const { upload_id } = await upload(clerk, csv(`Ama,A-1,${good},5,`, `Out,O-1,${out},5,`));
  const batch = await processed(clerk, { upload_id, action: "disconnect", send_sms: true });
  assert.deepEqual([batch.created, batch.actions, batch.messages_queued], [2, 2, 1]);
  assert.deepEqual(batch.skipped.map(({ row }) => row), [3]);
  assert.match(batch.skipped[0]?.reason ?? "", /opted out/);
  await until(async () => (await accepted(good)).length === 1, {
    what: "the other one at the carrier",
  });
  assert.deepEqual(await accepted(out), []);
  const waiting = await readPage(
    clerk,
    `/sms/messages?to=${encodeURIComponent(out)}&status=queued`,
  );
  assert.equal(waiting.total, 0);
});

Deno.test("Half a batch never exists: what fails last takes everything with it, and the upload can be processed later", async () => {
  const { organization, clerk } = await utility();
  const { upload_id } = await upload(clerk, csv(`Ama,A-1,${ordinaryNumber()},5,`));
  const process = (body: Record<string, unknown>) =>
    call(clerk, "POST", "/upload/process-batch", {
      upload_id,
      action: "warn",
      send_sms: true,
      ...body,
    });
  await withDatabase((sql) =>
    sql`delete from public.templates where organization_id = ${organization.id} and kind = 'warning'`
  );
  expectProblem(await process({}), 409, "no_template");
  assert.deepEqual(await counted(organization.id), nothing);
  const unknown = expectProblem(
    await process({ message: "Dear {{nmae}}" }),
    422,
    "unknown_variable",
  );
  assert.match(unknown.detail, /nmae/);
  assert.deepEqual(await counted(organization.id), nothing);
  const senders = (status: string) =>
    withDatabase((sql) =>
      sql`update public.sms_accounts set status = ${status} where organization_id = ${organization.id}`
    );
  await senders("disabled");
  expectProblem(await process({ message: "Hello" }), 409, "no_sender");
  assert.deepEqual(await counted(organization.id), nothing);
  await senders("active");
  expectStatus(await process({ message: "Hello" }), 201);
  assert.deepEqual(await counted(organization.id), {
    customers: 1,
    actions: 2,
    messages: 1,
    batches: 1,
  });
});
