import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { leadRow, movesOf, storeLead, storeLeads } from "../support/lead_rows.ts";
import { type LeadBody, move } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";
import { addMember, newOrganization } from "../support/people.ts";

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";

/** A pipeline in which leads go new → quoted → won or lost, and never come back from won. */
const narrow = {
  stages: [
    { key: "new", label: "New", next_stages: ["quoted", "lost"] },
    { key: "quoted", label: "Quoted" },
    { key: "won", label: "Won", outcome: "won", next_stages: [] },
    { key: "lost", label: "Lost", outcome: "lost", next_stages: ["new"] },
  ],
};

Deno.test("PATCH /leads/{id}/status moves the lead and writes how long it stood where it stood", async () => {
  const { organization, counselor: first } = await newOffice();
  const id = await storeLead(organization, { assigned_to: first.userId });
  await withDatabase((sql) =>
    sql`update public.leads set status_since = now() - interval '90 minutes' where id = ${id}`
  );
  const body = { status: "contacted", note: "  Called her  " };
  const answer = await call(first, "PATCH", `/leads/${id}/status`, body);
  const lead = expectStatus<LeadBody>(answer, 200);
  assert.deepEqual([lead.status, lead.outcome, lead.closed_at], ["contacted", null, null]);
  assert.equal(answer.headers.get("etag"), `"${lead.version}"`);
  const [row] = await movesOf(id);
  assert.deepEqual({ ...row, seconds_in_stage: 0 }, {
    from_status: "new",
    to_status: "contacted",
    seconds_in_stage: 0,
    note: "Called her",
    changed_by: first.userId,
  });
  const stood = row?.seconds_in_stage ?? 0;
  assert(stood >= 5_400 && stood < 5_700, `${stood} seconds`);
  assert(Date.parse(lead.status_since) > Date.now() - 300_000, lead.status_since);
});

Deno.test("A stage that is won or lost closes the lead, and moving on opens it again", async () => {
  const { organization, admin } = await newOffice();
  const id = await storeLead(organization);
  const won = await move(admin, id, "won");
  assert.equal(won.outcome, "won");
  assert(won.closed_at !== null);
  const lost = await move(admin, id, "lost");
  assert.deepEqual([lost.outcome, lost.closed_at !== null], ["lost", true]);
  const open = await move(admin, id, "contacted");
  assert.deepEqual([open.outcome, open.closed_at], [null, null]);
  assert.deepEqual((await movesOf(id)).map((row) => [row.from_status, row.to_status]), [
    ["new", "won"],
    ["won", "lost"],
    ["lost", "contacted"],
  ]);
});

Deno.test("The stage where the lead stands already is no move: nothing is written", async () => {
  const { organization, admin } = await newOffice();
  const id = await storeLead(organization);
  const before = await leadRow(id);
  const lead = await move(admin, id, "new");
  assert.equal(lead.version, before["version"]);
  assert.deepEqual(await movesOf(id), []);
  assert.deepEqual(await leadRow(id), before);
});

Deno.test("Only stages of the pipeline, and of those only the ones that may follow, are taken", async () => {
  const { organization, admin } = await newOffice();
  const id = await storeLead(organization);
  expectStatus(
    await call(admin, "PUT", "/pipeline/stages", {
      ...narrow,
      move: { contacted: "new", qualified: "new", proposal: "new" },
    }),
    200,
  );
  const path = `/leads/${id}/status`;
  const unknown = expectProblem(
    await call(admin, "PATCH", path, { status: "contacted" }),
    422,
    "invalid_field",
  );
  assert.deepEqual(unknown.errors?.map((error) => error.path), ["status"]);
  const refused = await call(admin, "PATCH", path, { status: "won" });
  expectProblem(refused, 409, "stage_not_allowed");
  assert.deepEqual((refused.body as { allowed: string[] }).allowed, ["quoted", "lost"]);
  await move(admin, id, "quoted");
  await move(admin, id, "won");
  const final = await call(admin, "PATCH", path, { status: "new" });
  expectProblem(final, 409, "stage_not_allowed");
  assert.deepEqual((final.body as { allowed: string[] }).allowed, []);
  const other = await storeLead(organization);
  await move(admin, other, "lost");
  assert.equal((await move(admin, other, "new")).outcome, null, "lost leads may be reopened here");
});

Deno.test("A move that expects another version is refused with the lead as it is", async () => {
  const { organization, admin } = await newOffice();
  const id = await storeLead(organization);
  const read = await move(admin, id, "contacted");
  await move(admin, id, "qualified");
  const path = `/leads/${id}/status`;
  const match = { "if-match": `"${read.version}"` };
  for (
    const answer of [
      await call(admin, "PATCH", path, { status: "won" }, match),
      await call(admin, "PATCH", path, { status: "won", version: read.version }),
    ]
  ) {
    expectProblem(answer, 409, "stale_version");
    const { current } = answer.body as { current: LeadBody };
    assert.deepEqual([current.id, current.status], [id, "qualified"]);
  }
  const now = { "if-match": `"${read.version + 1}"` };
  expectStatus(await call(admin, "PATCH", path, { status: "won" }, now), 200);
  expectProblem(
    await call(admin, "PATCH", path, { status: "lost" }, { "if-match": "soon" }),
    400,
    "if_match_malformed",
  );
});

Deno.test("Bad bodies are refused with the field's name, and nothing moves", async () => {
  const { organization, admin } = await newOffice();
  const id = await storeLead(organization);
  const cases: [unknown, string][] = [
    [{}, "status"],
    [{ status: "" }, "status"],
    [{ status: "New York" }, "status"],
    [{ status: "x".repeat(51) }, "status"],
    [{ status: 5 }, "status"],
    [{ status: null }, "status"],
    [{ status: "won", note: "n".repeat(2_001) }, "note"],
    [{ status: "won", version: 0 }, "version"],
    [{ status: "won", version: "1" }, "version"],
  ];
  for (const [body, path] of cases) {
    const answer = await call(admin, "PATCH", `/leads/${id}/status`, body);
    const problem = expectProblem(answer, 422, "invalid_field");
    assert.deepEqual(problem.errors?.map((error) => error.path), [path], JSON.stringify(body));
  }
  assert.deepEqual(await movesOf(id), []);
});

Deno.test("People move the leads within their reach: others are not there, and readers change none", async () => {
  const { organization, manager, counselor: first, stranger } = await newOffice();
  const id = await storeLead(organization, { assigned_to: first.userId });
  await move(first, id, "contacted");
  await move(manager, id, "qualified");
  const path = `/leads/${id}/status`;
  const body = { status: "won" };
  expectProblem(await call(stranger, "PATCH", path, body), 404, "not_found");
  const viewer = await addMember(organization, "viewer");
  expectProblem(await call(viewer, "PATCH", path, body), 403, "permission_denied");
  const theirs = (await newOrganization()).admin;
  expectProblem(await call(theirs, "PATCH", path, body), 404, "not_found");
  expectProblem(await call(first, "PATCH", `/leads/${missing}/status`, body), 404, "not_found");
  await withDatabase((sql) => sql`update public.leads set deleted_at = now() where id = ${id}`);
  expectProblem(await call(first, "PATCH", path, body), 404, "not_found");
  assert.equal((await movesOf(id)).length, 2);
});

Deno.test("Moves at the same moment follow each other: the history is one chain", async () => {
  const { organization, admin } = await newOffice();
  const [id = ""] = await storeLeads(organization, 1);
  const stages = ["contacted", "qualified", "proposal", "won", "lost", "new"];
  await Promise.all(
    Array.from({ length: 24 }, (_, turn) => move(admin, id, stages[turn % 6] ?? "new")),
  );
  let stage: string | null = "new";
  for (const row of await movesOf(id)) {
    assert.equal(row.from_status, stage);
    assert(row.seconds_in_stage !== null && row.seconds_in_stage >= 0);
    stage = row.to_status;
  }
  assert.equal((await leadRow(id))["status"], stage);
});
