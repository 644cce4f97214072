import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { storeLead } from "../support/lead_rows.ts";
import { newOffice } from "../support/office.ts";
import { addMember, newOrganization } from "../support/people.ts";
import { addTask, changeTask, inMinutes, type TaskBody, titlesOf } from "../support/tasks.ts";

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";
const keyed = () => ({ "idempotency-key": crypto.randomUUID() });

Deno.test("POST /tasks stores a task of the caller's, and GET shows what is stored", async () => {
  const { organization, counselor } = await newOffice();
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  const due_at = inMinutes(120);
  const fields = { title: "  Call back  ", description: "About fees", lead_id: lead, due_at };
  const task = await addTask(counselor, fields);
  assert.deepEqual({ ...task, id: "", created_at: "", updated_at: "" }, {
    id: "",
    version: 1,
    lead_id: lead,
    lead_name: "Ama Mensah",
    title: "Call back",
    description: "About fees",
    status: "open",
    priority: "normal",
    due_at,
    overdue: false,
    remind_minutes_before: 30,
    remind_at: new Date(Date.parse(due_at) - 30 * 60_000).toISOString(),
    assigned_to: counselor.userId,
    assigned_to_name: "Test counselor",
    created_by: counselor.userId,
    created_by_name: "Test counselor",
    completed_at: null,
    created_at: "",
    updated_at: "",
  });
  const read = await call(counselor, "GET", `/tasks/${task.id}`);
  assert.deepEqual(expectStatus(read, 200), task);
  assert.equal(read.headers.get("etag"), '"1"');
});

Deno.test("PATCH /tasks/{id} changes what is given; completed_at follows the status", async () => {
  const { admin, counselor } = await newOffice();
  const task = await addTask(admin, { due_at: inMinutes(60), description: "About fees" });
  const handed = await changeTask(admin, task.id, {
    assigned_to: counselor.userId,
    priority: "high",
    description: null,
  });
  assert.deepEqual(
    [handed.assigned_to, handed.priority, handed.description, handed.title, handed.version],
    [counselor.userId, "high", null, task.title, 2],
  );
  const done = await changeTask(counselor, task.id, { status: "done" });
  assert(done.completed_at && Math.abs(Date.parse(done.completed_at) - Date.now()) < 60_000);
  assert.equal(done.remind_at, null, "there is nothing more to remind of");
  const reopened = await changeTask(counselor, task.id, { status: "in_progress" });
  assert.deepEqual([reopened.completed_at, reopened.remind_at], [null, task.remind_at]);
  assert.equal((await changeTask(counselor, task.id, { status: "canceled" })).completed_at, null);
});

Deno.test("A change that expects another version is refused and shows the task as it is", async () => {
  const { admin } = await newOrganization();
  const task = await addTask(admin);
  const changed = await changeTask(admin, task.id, { title: "Send two", version: 1 });
  const path = `/tasks/${task.id}`;
  for (
    const [body, headers] of [
      [{ title: "Late", version: 1 }, {}],
      [{ title: "Late" }, { "if-match": '"1"' }],
      [{ title: "Late" }, { "if-match": 'W/"7"' }],
    ] as const
  ) {
    const answer = await call(admin, "PATCH", path, body, headers);
    const problem = expectProblem(answer, 409, "stale_version");
    assert.deepEqual((problem as unknown as { current: TaskBody }).current, changed);
  }
  expectProblem(await call(admin, "PATCH", path, { title: "x" }, { "if-match": "1" }), 400);
  const torn = await call(admin, "PATCH", path, { title: "x", version: 1 }, { "if-match": '"2"' });
  expectProblem(torn, 422, "invalid_field");
  expectStatus(await call(admin, "PATCH", path, { title: "x" }, { "if-match": '"2"' }), 200);
  expectStatus(await call(admin, "PATCH", path, { title: "y" }, { "if-match": "*" }), 200);
  const same = await changeTask(admin, task.id, { title: "y" });
  assert.equal(same.version, 4, "what changes nothing is no new version");
});

Deno.test("Of changes at the same moment that expect the same version one wins", async () => {
  const { admin } = await newOrganization();
  const task = await addTask(admin);
  const answers = await Promise.all(
    Array.from(
      { length: 5 },
      (_, n) => call(admin, "PATCH", `/tasks/${task.id}`, { title: `Title ${n}`, version: 1 }),
    ),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409, 409]);
});

Deno.test("POST and PATCH /tasks refuse bad fields and name them", async () => {
  const { admin } = await newOrganization();
  const suspended = await addMember(await newOrganization(), "counselor");
  const task = await addTask(admin);
  const cases: [Record<string, unknown>, string][] = [
    [{ title: " " }, "title"],
    [{ title: "x".repeat(201) }, "title"],
    [{ title: null }, "title"],
    [{ description: "x".repeat(5_001) }, "description"],
    [{ due_at: "tomorrow" }, "due_at"],
    [{ due_at: "2026-13-01T00:00:00Z" }, "due_at"],
    [{ due_at: "9999-01-01T00:00:00Z" }, "due_at"],
    [{ priority: "urgent" }, "priority"],
    [{ remind_minutes_before: -1 }, "remind_minutes_before"],
    [{ remind_minutes_before: 43_201 }, "remind_minutes_before"],
    [{ assigned_to: "me" }, "assigned_to"],
    [{ assigned_to: missing }, "assigned_to"],
    [{ assigned_to: suspended.userId }, "assigned_to"],
  ];
  for (const [fields, path] of cases) {
    for (
      const answer of [
        await call(admin, "POST", "/tasks", { title: "Call", ...fields }),
        await call(admin, "PATCH", `/tasks/${task.id}`, fields),
      ]
    ) {
      const problem = expectProblem(answer, 422, "invalid_field");
      assert.deepEqual(problem.errors?.map((error) => error.path), [path], JSON.stringify(fields));
    }
  }
  for (const body of [{}, { status: "gone" }, { version: 1 }]) {
    expectProblem(await call(admin, "PATCH", `/tasks/${task.id}`, body), 422, "invalid_field");
  }
  assert.deepEqual(await titlesOf(admin), [task.title]);
});

Deno.test("Only active members are given tasks", async () => {
  const { organization, admin, counselor } = await newOffice();
  await withDatabase((sql) =>
    sql`update public.memberships set status = 'suspended'
      where organization_id = ${organization.id} and user_id = ${counselor.userId}`
  );
  const answer = await call(admin, "POST", "/tasks", {
    title: "Call",
    assigned_to: counselor.userId,
  });
  expectProblem(answer, 422, "invalid_field");
});

Deno.test("DELETE /tasks/{id} removes the task; a second time there is none", async () => {
  const { admin } = await newOrganization();
  const task = await addTask(admin);
  expectStatus(await call(admin, "DELETE", `/tasks/${task.id}`), 204);
  expectProblem(await call(admin, "DELETE", `/tasks/${task.id}`), 404, "not_found");
  expectProblem(await call(admin, "GET", `/tasks/${task.id}`), 404, "not_found");
  const logged = await withDatabase((sql) =>
    sql`select action from public.audit_logs where resource_id = ${task.id} order by id`
  );
  assert.deepEqual(logged.map(({ action }) => action), ["insert", "delete"]);
});

Deno.test("POST /tasks with the same Idempotency-Key stores one task", async () => {
  const { admin } = await newOrganization();
  const headers = keyed();
  const body = { title: "Once" };
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => call(admin, "POST", "/tasks", body, headers)),
  );
  const created = answers.filter(({ status }) => status === 201).map((answer) => answer.body);
  assert(created.length > 0, JSON.stringify(answers));
  for (const one of created) assert.deepEqual(one, created[0]);
  assert.deepEqual(
    expectStatus(await call(admin, "POST", "/tasks", body, headers), 201),
    created[0],
  );
  assert.deepEqual(await titlesOf(admin), ["Once"]);
  const other = await call(admin, "POST", "/tasks", { title: "Twice" }, headers);
  expectProblem(other, 422, "idempotency_key_reused");
});

Deno.test("Tasks of a deleted lead are nowhere, until it is restored", async () => {
  const { organization, counselor, admin } = await newOffice();
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  const task = await addTask(counselor, { lead_id: lead, due_at: inMinutes(60) });
  await setDeleted(lead, true);
  for (const who of [counselor, admin]) {
    assert.deepEqual(await titlesOf(who), []);
    expectProblem(await call(who, "GET", `/tasks/${task.id}`), 404, "not_found");
    expectProblem(await call(who, "PATCH", `/tasks/${task.id}`, { title: "x" }), 404, "not_found");
    expectProblem(await call(who, "DELETE", `/tasks/${task.id}`), 404, "not_found");
    expectProblem(await call(who, "POST", "/tasks", { title: "x", lead_id: lead }), 404);
  }
  await setDeleted(lead, false);
  assert.deepEqual(expectStatus(await call(counselor, "GET", `/tasks/${task.id}`), 200), task);
});

async function setDeleted(lead: string, deleted: boolean): Promise<void> {
  await withDatabase((sql) =>
    sql`update public.leads set deleted_at = ${deleted ? new Date() : null} where id = ${lead}`
  );
}
