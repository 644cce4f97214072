import assert from "node:assert/strict";
import { readPage, utility } from "../support/customers.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { numberEnding, ordinaryNumber } from "../support/texts.ts";
import { csv, processed, upload } from "../support/uploads.ts";
import { until } from "../support/wait.ts";

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

const detail = async (session: Caller, id: string): Promise<Detail> =>
  expectStatus(await call(session, "GET", `/upload/batches/${id}`), 200);

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
  }, { timeoutMs: 120_000, what: "two receipts and two failures" });
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
