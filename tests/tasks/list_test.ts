import assert from "node:assert/strict";
import type { Page } from "../support/customers.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { storeLead } from "../support/lead_rows.ts";
import { newOffice } from "../support/office.ts";
import { addMember, addMemberWith, newOrganization } from "../support/people.ts";
import { addTask, changeTask, inMinutes, type TaskBody, titlesOf } from "../support/tasks.ts";

Deno.test("GET /tasks narrows by lead, assignee, status, priority and due time, and sorts", async () => {
  const { organization, admin, counselor } = await newOffice();
  const lead = await storeLead(organization);
  await addTask(admin, { title: "past", due_at: inMinutes(-60), priority: "high" });
  await addTask(admin, { title: "soon", due_at: inMinutes(60), lead_id: lead });
  await addTask(admin, { title: "later", due_at: inMinutes(600), priority: "low" });
  await addTask(admin, { title: "some day", assigned_to: counselor.userId });
  const done = await addTask(admin, { title: "done", due_at: inMinutes(-120) });
  await changeTask(admin, done.id, { status: "done" });
  const cases: [string, string[]][] = [
    ["", ["done", "past", "soon", "later", "some day"]],
    ["?sort=-due_at", ["some day", "later", "soon", "past", "done"]],
    ["?sort=created_at", ["past", "soon", "later", "some day", "done"]],
    ["?sort=-created_at", ["done", "some day", "later", "soon", "past"]],
    ["?sort=-updated_at&limit=1", ["done"]],
    ["?sort=-priority&limit=1", ["past"]],
    ["?sort=priority&limit=1", ["later"]],
    [`?lead_id=${lead}`, ["soon"]],
    [`?lead_id=${crypto.randomUUID()}`, []],
    ["?assigned_to=me", ["done", "past", "soon", "later"]],
    [`?assigned_to=${counselor.userId}`, ["some day"]],
    ["?assigned_to=none", []],
    ["?status=done", ["done"]],
    ["?priority=high", ["past"]],
    [`?due_before=${inMinutes(61)}`, ["done", "past", "soon"]],
    [`?due_after=${inMinutes(0)}`, ["soon", "later"]],
    [`?due_after=${inMinutes(0)}&due_before=${inMinutes(61)}`, ["soon"]],
    ["?overdue=true", ["past"]],
    ["?overdue=false", ["done", "soon", "later", "some day"]],
    ["?limit=2&offset=1", ["past", "soon"]],
  ];
  for (const [query, titles] of cases) {
    assert.deepEqual(await titlesOf(admin, query), titles, query);
  }
  const page = expectStatus<Page<TaskBody>>(
    await call(admin, "GET", "/tasks?limit=2&offset=1"),
    200,
  );
  assert.deepEqual([page.total, page.limit, page.offset], [5, 2, 1]);
  assert.deepEqual(page.data.map(({ overdue }) => overdue), [true, false]);
});

Deno.test("GET /tasks refuses filters and sorts that are none", async () => {
  const { admin } = await newOrganization();
  for (
    const query of [
      "sort=title",
      "sort=id%3Bdrop",
      "lead_id=1",
      "assigned_to=you",
      "status=gone",
      "priority=1",
      "due_before=now",
      "overdue=maybe",
      "limit=0",
      "limit=201",
      "offset=-1",
    ]
  ) {
    expectProblem(await call(admin, "GET", `/tasks?${query}`), 422, "invalid_field");
  }
});

Deno.test("Each sees the tasks of the leads it sees, its own, and a manager those of its team", async () => {
  const {
    organization,
    admin,
    manager,
    counselor,
    otherManager,
    otherCounselor,
    otherTeam: south,
  } = await newOffice();
  const viewer = await addMember(organization, "viewer");
  const ours = await storeLead(organization, { assigned_to: counselor.userId });
  const theirs = await storeLead(organization, { team_id: south });
  await addTask(admin, { title: "on our lead", lead_id: ours });
  await addTask(admin, { title: "on their lead", lead_id: theirs });
  await addTask(admin, {
    title: "handed over",
    lead_id: theirs,
    assigned_to: counselor.userId,
  });
  await addTask(counselor, { title: "without lead" });
  await addTask(admin, { title: "the admin's" });
  const everything = ["handed over", "on our lead", "on their lead", "the admin's", "without lead"];
  const wanted = [
    [admin, everything],
    [viewer, everything],
    [manager, ["handed over", "on our lead", "without lead"]],
    [counselor, ["handed over", "on our lead", "without lead"]],
    [otherManager, ["handed over", "on their lead"]],
    [otherCounselor, []],
  ] as const;
  for (const [who, titles] of wanted) {
    assert.deepEqual((await titlesOf(who)).sort(), titles);
    const seen = await who.client.from("tasks").select("title")
      .eq("organization_id", organization.id).order("title");
    assert.deepEqual(seen.data?.map(({ title }) => title), titles, "row level security agrees");
  }
});

Deno.test("A task that one may not see is as absent as one that does not exist", async () => {
  const { organization, admin, counselor, otherManager, otherCounselor } = await newOffice();
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  const task = await addTask(counselor, { lead_id: lead });
  for (const who of [otherManager, otherCounselor]) {
    for (const [method, body] of [["GET"], ["PATCH", { title: "x" }], ["DELETE"]] as const) {
      expectProblem(await call(who, method, `/tasks/${task.id}`, body), 404, "not_found");
    }
    const onLead = await call(who, "POST", "/tasks", { title: "x", lead_id: lead });
    expectProblem(onLead, 404, "not_found");
  }
  expectStatus(await call(admin, "GET", `/tasks/${task.id}`), 200);
});

Deno.test("Someone with a task on a lead they may not see sees the task, not the lead", async () => {
  const { organization, admin, counselor } = await newOffice();
  const lead = await storeLead(organization, { first_name: "Secret" });
  const task = await addTask(admin, { lead_id: lead, assigned_to: counselor.userId });
  assert.equal(task.lead_name, "Secret Mensah");
  const path = `/tasks/${task.id}`;
  const seen = expectStatus<TaskBody>(await call(counselor, "GET", path), 200);
  assert.equal(seen.lead_name, null);
  const [listed] = expectStatus<Page<TaskBody>>(await call(counselor, "GET", "/tasks"), 200).data;
  assert.deepEqual(listed, seen);
  expectStatus(await call(counselor, "PATCH", path, { status: "done" }), 200);
  expectProblem(await call(counselor, "GET", `/leads/${lead}/timeline`), 404, "not_found");
});

Deno.test("A viewer sees tasks and changes none; others' roles see none", async () => {
  const organization = await newOrganization();
  const task = await addTask(organization.admin);
  const viewer = await addMember(organization, "viewer");
  expectStatus(await call(viewer, "GET", `/tasks/${task.id}`), 200);
  for (
    const [method, path] of [["POST", "/tasks"], ["PATCH", `/tasks/${task.id}`], [
      "DELETE",
      `/tasks/${task.id}`,
    ]] as const
  ) {
    const body = method === "DELETE" ? undefined : { title: "x" };
    expectProblem(await call(viewer, method, path, body), 403, "permission_denied");
  }
  const operator = await addMember(organization, "operator");
  expectProblem(await call(operator, "GET", "/tasks"), 403, "permission_denied");
});

Deno.test("Without leads:read the tasks of the organization carry no names of leads", async () => {
  const organization = await newOrganization();
  const lead = await storeLead(organization);
  const task = await addTask(organization.admin, { lead_id: lead });
  const clerk = await addMemberWith(organization, ["tasks:read", "tasks:write"]);
  const page = expectStatus<Page<TaskBody>>(await call(clerk, "GET", "/tasks"), 200);
  assert.deepEqual(page.data.map(({ id, lead_name }) => [id, lead_name]), [[task.id, null]]);
  expectProblem(await call(clerk, "POST", "/tasks", { title: "x", lead_id: lead }), 404);
});
