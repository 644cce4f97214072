import assert from "node:assert/strict";
import { accepted, numberEnding, ordinaryNumber } from "../sms/support.ts";
import { readPage, utility } from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { until } from "../support/wait.ts";
import { counted, csv, processed, upload } from "./support.ts";

interface Detail {
  id: string;
  upload_id: string;
  file_name: string;
  action: string | null;
  send_sms: boolean;
  counts: Record<string, number>;
  created_by: string;
  created_by_name: string;
  skipped: { row: number; reason: string }[];
  delivery: Record<string, number>;
}

const nothing = { customers: 0, actions: 0, messages: 0, batches: 0 };

const detail = async (session: Caller, id: string): Promise<Detail> =>
  expectStatus(await call(session, "GET", `/upload/batches/${id}`), 200);

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

Deno.test("GET /upload/batches/{id} shows who did what, and its texts on their way until each has its receipt", async () => {
  const { clerk } = await utility();
  const lines = [
    `Ama,A-1,${ordinaryNumber()},5,`,
    `Kofi,B-1,${ordinaryNumber()},5,`,
    `Esi,C-1,${numberEnding("0001")},5,`,
    `Yaw,D-1,${numberEnding("0005")},5,`,
  ];
  const { upload_id } = await upload(clerk, csv(...lines), "november.csv");
  const { batch_id } = await processed(clerk, { upload_id, action: "disconnect", send_sms: true });
  const first = await detail(clerk, batch_id);
  assert.deepEqual({ ...first, delivery: {}, created_at: "" }, {
    id: batch_id,
    upload_id,
    file_name: "november.csv",
    action: "disconnect",
    send_sms: true,
    counts: { created: 4, updated: 0, unchanged: 0, actions: 4, messages_queued: 4 },
    created_by: clerk.userId,
    created_by_name: "Test Person",
    created_at: "",
    skipped: [],
    delivery: {},
  });
  const total = (delivery: Record<string, number>) =>
    Object.values(delivery).reduce((sum, n) => sum + n, 0);
  assert.equal(total(first.delivery), 4, JSON.stringify(first.delivery));
  const last = await until(async () => {
    const { delivery } = await detail(clerk, batch_id);
    assert.equal(total(delivery), 4, "no text is ever missing");
    return delivery["delivered"] === 2 &&
        (delivery["failed"] ?? 0) + (delivery["undelivered"] ?? 0) === 2
      ? delivery
      : null;
  }, { timeoutMs: 40_000, what: "two receipts and two failures" });
  assert.equal(last["delivered"], 2);
});

Deno.test("GET /upload/batches lists an organization's own batches, newest first, in pages", async () => {
  const [{ organization, clerk }, theirs] = [await utility(), await utility()];
  const ids = [];
  for (const name of ["one.csv", "two.csv", "three.csv"]) {
    const { upload_id } = await upload(clerk, csv("A,A-1,0244000001,1,"), name);
    ids.unshift((await processed(clerk, { upload_id })).batch_id);
  }
  const page = await readPage<Detail>(organization.admin, "/upload/batches?limit=2");
  assert.deepEqual([page.total, page.limit, page.offset], [3, 2, 0]);
  assert.deepEqual(
    page.data.map(({ id, file_name, created_by_name }) => [id, file_name, created_by_name]),
    [
      [ids[0], "three.csv", "Test Person"],
      [ids[1], "two.csv", "Test Person"],
    ],
  );
  const rest = await readPage<Detail>(clerk, "/upload/batches?limit=2&offset=2");
  assert.deepEqual(rest.data.map(({ counts }) => counts["created"]), [1]);
  const beyond = await readPage<Detail>(clerk, "/upload/batches?offset=50");
  assert.deepEqual([beyond.data, beyond.total], [[], 3]);
  assert.equal((await readPage(theirs.clerk, "/upload/batches")).total, 0);
  const problems = [];
  for (const id of [ids[0], crypto.randomUUID()]) {
    const answer = await call(theirs.clerk, "GET", `/upload/batches/${id}`);
    problems.push({ ...expectProblem(answer, 404, "not_found"), request_id: "" });
  }
  assert.deepEqual(problems[0], problems[1]);
  expectProblem(await call(clerk, "GET", "/upload/batches/42"), 422, "invalid_field");
});
