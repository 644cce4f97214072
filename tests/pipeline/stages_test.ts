import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { leadRow, movesOf, storeLead, storeLeads } from "../support/lead_rows.ts";
import { move } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";
import { addMember, addMemberWith, newOrganization } from "../support/people.ts";
import { type Stage, stagesOf } from "../support/stages.ts";

const open = (key: string, fields: Record<string, unknown> = {}) => ({
  key,
  label: key,
  ...fields,
});

Deno.test("A new organization has a pipeline, which every reader of leads sees", async () => {
  const { organization, admin, counselor: first } = await newOffice();
  const stages = await stagesOf(first);
  assert.deepEqual(stages.map(({ key, position, outcome }) => [key, position, outcome]), [
    ["new", 1, null],
    ["contacted", 2, null],
    ["qualified", 3, null],
    ["proposal", 4, null],
    ["won", 5, "won"],
    ["lost", 6, "lost"],
  ]);
  assert.deepEqual(await stagesOf(admin), stages);
  const stranger = await addMemberWith(organization, ["members:read"]);
  expectProblem(await call(stranger, "GET", "/pipeline/stages"), 403, "permission_denied");
});

Deno.test("PUT /pipeline/stages replaces the list: order, labels, outcomes, response times, next stages", async () => {
  const { admin } = await newOrganization();
  const stages = [
    open("won", { label: " Enrolled ", outcome: "won" }),
    open("applied", { sla_minutes: 60, next_stages: ["won", "new"] }),
    open("new", { label: "Enquiry", sla_minutes: 0 }),
  ];
  const answer = expectStatus<{ stages: Stage[] }>(
    await call(admin, "PUT", "/pipeline/stages", { stages }),
    200,
  );
  const wanted = [
    { key: "won", label: "Enrolled", position: 1, outcome: "won", sla_minutes: null },
    { key: "applied", label: "applied", position: 2, outcome: null, sla_minutes: 60 },
    { key: "new", label: "Enquiry", position: 3, outcome: null, sla_minutes: 0 },
  ].map((stage) => ({
    ...stage,
    next_stages: stage.key === "applied" ? ["won", "new"] : null,
  }));
  assert.deepEqual(answer.stages, wanted);
  assert.deepEqual(await stagesOf(admin), wanted);
  // What was read can be written back.
  expectStatus(await call(admin, "PUT", "/pipeline/stages", answer), 200);
  assert.deepEqual(await stagesOf(admin), wanted);
});

Deno.test("A stage with leads, deleted ones too, goes only when it is said where they go", async () => {
  const { organization, admin } = await newOffice();
  const [first = "", second = "", gone = ""] = await storeLeads(organization, 3, {
    status: "contacted",
  });
  await withDatabase((sql) => sql`update public.leads set deleted_at = now() where id = ${gone}`);
  const quoted = await storeLead(organization, { status: "proposal" });
  const stages = [open("new"), open("hot"), open("won", { outcome: "won" })];
  const before = await stagesOf(admin);
  const refused = await call(admin, "PUT", "/pipeline/stages", { stages });
  expectProblem(refused, 409, "stage_in_use");
  assert.deepEqual((refused.body as { leads: unknown }).leads, { contacted: 3, proposal: 1 });
  const half = await call(admin, "PUT", "/pipeline/stages", { stages, move: { contacted: "hot" } });
  expectProblem(half, 409, "stage_in_use");
  assert.deepEqual((half.body as { leads: unknown }).leads, { proposal: 1 });
  assert.deepEqual(await stagesOf(admin), before, "a refused change changes nothing");
  const body = { stages, move: { contacted: "hot", proposal: "won" } };
  expectStatus(await call(admin, "PUT", "/pipeline/stages", body), 200);
  for (const id of [first, second, gone]) {
    assert.equal((await leadRow(id))["status"], "hot");
    const [row] = await movesOf(id);
    assert.deepEqual([row?.from_status, row?.to_status, row?.changed_by], [
      "contacted",
      "hot",
      admin.userId,
    ]);
  }
  const won = await leadRow(quoted);
  assert.deepEqual([won["status"], won["outcome"]], ["won", "won"]);
  assert(won["closed_at"] instanceof Date);
});

Deno.test("Leads are closed and opened with their stage", async () => {
  const { organization, admin } = await newOffice();
  const [id, other] = [await storeLead(organization), await storeLead(organization)];
  await move(admin, id, "proposal");
  await move(admin, other, "won");
  const stages = (await stagesOf(admin)).map((stage) => ({
    ...stage,
    outcome: stage.key === "proposal" ? "won" : stage.key === "won" ? null : stage.outcome,
  }));
  expectStatus(await call(admin, "PUT", "/pipeline/stages", { stages }), 200);
  const [closed, opened] = [await leadRow(id), await leadRow(other)];
  assert.deepEqual([closed["status"], closed["outcome"]], ["proposal", "won"]);
  assert(closed["closed_at"] instanceof Date);
  assert.deepEqual([opened["status"], opened["outcome"], opened["closed_at"]], ["won", null, null]);
  assert.equal((await movesOf(id)).length, 1, "no move is invented");
});

Deno.test("A pipeline that cannot be is refused, with the place of each fault", async () => {
  const { organization, admin } = await newOffice();
  await storeLead(organization);
  const before = await stagesOf(admin);
  const cases: [unknown, string[]][] = [
    [{}, ["stages"]],
    [{ stages: [] }, ["stages"]],
    [{ stages: [open("won", { outcome: "won" })] }, ["stages"]],
    [{ stages: [open("new"), open("new")] }, ["stages.1.key"]],
    [{ stages: [open("new", { next_stages: ["mars"] })] }, ["stages.0.next_stages"]],
    [{ stages: [open("New")] }, ["stages.0.key"]],
    [{ stages: [open("new", { label: "  " })] }, ["stages.0.label"]],
    [{ stages: [open("new", { label: "x".repeat(101) })] }, ["stages.0.label"]],
    [{ stages: [open("new", { outcome: "maybe" })] }, ["stages.0.outcome"]],
    [{ stages: [open("new", { sla_minutes: -1 })] }, ["stages.0.sla_minutes"]],
    [{ stages: [open("new", { sla_minutes: 1.5 })] }, ["stages.0.sla_minutes"]],
    [{ stages: Array.from({ length: 51 }, (_, n) => open(`s${n}`)) }, ["stages"]],
    [{ stages: [open("new")], move: { won: "mars" } }, ["move.won"]],
    [{ stages: [open("new")], move: { new: "new" } }, ["move.new"]],
    [{ stages: [open("new")], move: { mars: "new" } }, ["move.mars"]],
    [{ stages: [open("new")], move: [] }, ["move"]],
  ];
  for (const [body, paths] of cases) {
    const answer = await call(admin, "PUT", "/pipeline/stages", body);
    const problem = expectProblem(answer, 422, "invalid_field");
    assert.deepEqual(problem.errors?.map(({ path }) => path), paths, JSON.stringify(problem));
  }
  assert.deepEqual(await stagesOf(admin), before);
});

Deno.test("Only those who configure leads change the pipeline, and only their own", async () => {
  const { organization, manager } = await newOffice();
  const body = { stages: [open("new")] };
  const campaigns = await addMember(organization, "campaign_manager");
  for (const person of [manager, campaigns]) {
    const answer = await call(person, "PUT", "/pipeline/stages", body);
    expectProblem(answer, 403, "permission_denied");
  }
  const theirs = await newOrganization();
  expectStatus(await call(theirs.admin, "PUT", "/pipeline/stages", body), 200);
  assert.equal((await stagesOf(organization.admin)).length, 6);
});

Deno.test("Moves and a change of the pipeline at the same moment: no lead stands nowhere, no deadlock", async () => {
  const { organization, admin } = await newOffice();
  const ids = await storeLeads(organization, 12);
  const full = (await stagesOf(admin)).map((stage) => stage);
  const small = full.filter(({ key }) => key !== "contacted" && key !== "qualified");
  const moves = ids.flatMap((id) =>
    ["contacted", "qualified", "new"].map((status) =>
      call(admin, "PATCH", `/leads/${id}/status`, { status })
    )
  );
  const changes = [small, full, small].map((stages) =>
    call(admin, "PUT", "/pipeline/stages", {
      stages,
      ...(stages === small && { move: { contacted: "proposal", qualified: "new" } }),
    })
  );
  for (const answer of await Promise.all(moves)) {
    assert([200, 422].includes(answer.status), JSON.stringify(answer.body));
  }
  for (const answer of await Promise.all(changes)) {
    // Their order is chance: a stage that is gone cannot be left.
    assert([200, 422].includes(answer.status), JSON.stringify(answer.body));
  }
  for (const id of ids) {
    const history = await movesOf(id);
    assert.equal((await leadRow(id))["status"], history.at(-1)?.to_status ?? "new");
  }
});
