import assert from "node:assert/strict";
import { utility } from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, addMemberWith } from "../support/people.ts";
import { type BatchBody, counted, csv, processed, upload } from "../support/uploads.ts";

const nothing = { customers: 0, actions: 0, messages: 0, batches: 0 };

Deno.test("An upload is processed once: again, after 24 hours, or another organization's is refused", async () => {
  const [{ clerk }, theirs] = [await utility(), await utility()];
  const process = (upload_id: string) =>
    call(clerk, "POST", "/upload/process-batch", { upload_id });
  const first = await upload(clerk, csv("A,A-1,0244000001,1,"));
  expectStatus(await process(first.upload_id), 201);
  expectProblem(await process(first.upload_id), 409, "upload_processed");
  const old = await upload(clerk, csv("B,B-1,0244000002,1,"));
  await withDatabase((sql) =>
    sql`update public.uploads set expires_at = now() - interval '1 second' where id = ${old.upload_id}`
  );
  expectProblem(await process(old.upload_id), 409, "upload_expired");
  const foreign = await upload(theirs.clerk, csv("C,C-1,0244000003,1,"));
  const [other, none] = [
    expectProblem(await process(foreign.upload_id), 404, "not_found"),
    expectProblem(await process(crypto.randomUUID()), 404, "not_found"),
  ];
  assert.deepEqual({ ...other, request_id: "" }, { ...none, request_id: "" });
  assert.deepEqual(await counted(clerk.organizationId), { ...nothing, customers: 1, batches: 1 });
  expectStatus(
    await call(theirs.clerk, "POST", "/upload/process-batch", { upload_id: foreign.upload_id }),
    201,
  );
});

Deno.test("Of two people who process one upload at the same moment one wins and the other is told so", async () => {
  const { organization, clerk } = await utility();
  const colleague = await addMember(organization, "operator");
  const rows = Array.from({ length: 40 }, (_, n) => `N${n},R-${n},0244${String(100_100 + n)},5,`);
  for (let round = 1; round <= 3; round++) {
    const { upload_id } = await upload(clerk, csv(...rows));
    const body = { upload_id, action: "warn", send_sms: true, message: "Pay {{arrears}}" };
    const people = [clerk, colleague, organization.admin];
    const answers = await Promise.all(
      people.map((one) => call(one, "POST", "/upload/process-batch", body)),
    );
    assert.deepEqual(
      answers.map(({ status }) => status).sort(),
      [201, 409, 409],
      JSON.stringify(answers),
    );
    for (const answer of answers.filter(({ status }) => status === 409)) {
      expectProblem(answer, 409, "upload_processed");
    }
    // Each text is an action of its own, sms_sent.
    const exact = { customers: 40, actions: 80 * round, messages: 40 * round, batches: round };
    assert.deepEqual(await counted(organization.id), exact);
  }
});

Deno.test("Batches over the same accounts at the same moment all go through, and no customer is there twice", async () => {
  const { clerk } = await utility();
  const customers = Array.from({ length: 30 }, (_, n) => ({
    name: `N${n}`,
    account_number: `P-${n}`,
    phone: "0244000001",
  }));
  const batches = await Promise.all(
    [0, 1, 2, 3].map((n) =>
      processed(clerk, { customers: n % 2 ? customers : customers.toReversed(), action: "warn" })
    ),
  );
  assert.equal(batches.reduce((sum: number, { created }: BatchBody) => sum + created, 0), 30);
  assert.deepEqual(await counted(clerk.organizationId), {
    customers: 30,
    actions: 120,
    messages: 0,
    batches: 4,
  });
});

Deno.test("A repeated request with the same key answers alike and does the work once", async () => {
  const { clerk } = await utility();
  const key = { "idempotency-key": crypto.randomUUID() };
  const { upload_id } = await upload(clerk, csv("A,A-1,0244000001,1,"));
  const send = (body: unknown) => call(clerk, "POST", "/upload/process-batch", body, key);
  const answers = await Promise.all([send({ upload_id }), send({ upload_id })]);
  const first = expectStatus(await send({ upload_id }), 201);
  for (const answer of answers) {
    if (answer.status === 201) assert.deepEqual(answer.body, first);
    else expectProblem(answer, 409, "idempotency_in_progress");
  }
  expectProblem(await send({ upload_id, action: "warn" }), 422, "idempotency_key_reused");
  assert.deepEqual(await counted(clerk.organizationId), { ...nothing, customers: 1, batches: 1 });
});

Deno.test("POST /upload/process-batch refuses what it cannot understand and what the role lacks", async () => {
  const { organization, clerk } = await utility();
  const { upload_id } = await upload(clerk, csv("A,A-1,0244000001,1,"));
  for (
    const body of [
      {},
      { upload_id: "42" },
      { upload_id, customers: [{}] },
      { customers: [] },
      { customers: "all" },
      { customers: [1] },
      { upload_id, action: "sms_sent" },
      { upload_id, send_sms: "yes" },
      { upload_id, message: "" },
      { upload_id, message: "m".repeat(1_601) },
    ]
  ) {
    expectProblem(await call(clerk, "POST", "/upload/process-batch", body), 422, "invalid_field");
  }
  const full = { upload_id, action: "warn", send_sms: true };
  const granted = ["uploads:write"];
  for (const permission of ["customers:write", "actions:write", "messages:send"]) {
    const person = await addMemberWith(organization, granted);
    const problem = expectProblem(
      await call(person, "POST", "/upload/process-batch", full),
      403,
      "permission_denied",
    );
    assert.match(problem.detail, new RegExp(permission));
    granted.push(permission);
  }
  assert.deepEqual(await counted(organization.id), nothing);
});

Deno.test("Two rows with one account number that get past validation are refused as a whole", async () => {
  const { organization, clerk } = await utility();
  const row = { name: "A", phone: "+233244123456", arrears: "1.00", status: "warned" };
  const answer = await clerk.client.rpc("process_batch", {
    organization_id: organization.id,
    customers: [{ ...row, row: 1, account_number: "x-1" }, {
      ...row,
      row: 2,
      account_number: "X-1",
    }],
  });
  assert.equal(answer.error?.hint, "account_repeated", JSON.stringify(answer));
  assert.deepEqual(await counted(organization.id), nothing);
});
