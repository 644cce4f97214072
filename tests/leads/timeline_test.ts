import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { storeLead } from "../support/lead_rows.ts";
import { newOffice } from "../support/office.ts";
import { addMember, addMemberWith, newOrganization } from "../support/people.ts";
import { addTask, changeTask, inMinutes } from "../support/tasks.ts";

interface Item {
  id: string;
  kind: string;
  at: string;
  actor_id: string | null;
  actor_name: string | null;
  [field: string]: unknown;
}
interface Timeline {
  data: Item[];
  next_before: string | null;
}

const timeline = async (session: Caller, lead: string, query = "") =>
  expectStatus<Timeline>(await call(session, "GET", `/leads/${lead}/timeline${query}`), 200);

const kindsOf = async (session: Caller, lead: string) =>
  (await timeline(session, lead)).data.map(({ kind }) => kind);

/** What happened to the lead besides what people do through the API here, one after the other. */
async function happen(organization: { id: string }, lead: string, by: string): Promise<void> {
  const base = { organization_id: organization.id, lead_id: lead };
  const move = { from_status: "new", to_status: "contacted", seconds_in_stage: 90, changed_by: by };
  const given = { to_user: by, assigned_by: by, method: "manual", note: "Yours" };
  const student = { first_name: "Kofi", last_name: "Mensah", created_by: by };
  const text = {
    to_number: "+233244000001",
    from_number: "Demo",
    body: "Welcome",
    encoding: "GSM-7",
    segments: 1,
    status: "delivered",
    provider: "arkesel",
    created_by: by,
  };
  await withDatabase(async (sql) => {
    await sql`insert into public.lead_history ${sql({ ...base, ...move })}`;
    await sql`insert into public.lead_assignments ${sql({ ...base, ...given })}`;
    await sql`insert into public.students ${sql({ ...base, ...student })}`;
    await sql`insert into public.messages ${sql({ ...base, ...text })}`;
  });
}

Deno.test("GET /leads/{id}/timeline shows all that happened in one list, newest first", async () => {
  const { organization, admin, counselor } = await newOffice();
  const people = { assigned_to: counselor.userId, created_by: counselor.userId };
  const lead = await storeLead(organization, { ...people, source: "website" });
  await happen(organization, lead, counselor.userId);
  const due_at = inMinutes(60);
  const task = await addTask(admin, { lead_id: lead, due_at, assigned_to: counselor.userId });
  const said = { type: "call", subject: "Fees", occurred_at: "2026-11-01T10:00:00Z" };
  expectStatus(await call(counselor, "POST", `/leads/${lead}/interactions`, said), 201);
  const done = await changeTask(counselor, task.id, { status: "done" });
  const { data, next_before } = await timeline(admin, lead);
  assert.equal(next_before, null);
  for (const [index, item] of data.entries()) {
    assert(item.at <= (data[index - 1]?.at ?? item.at), `sorted: ${JSON.stringify(data)}`);
    const actor = item.kind === "task"
      ? [admin.userId, "Test Person"]
      : [counselor.userId, "Test counselor"];
    assert.deepEqual([item.actor_id, item.actor_name], actor, item.kind);
  }
  const shown = data.map(({ id: _id, at: _at, actor_id: _actor, actor_name: _name, ...rest }) =>
    rest
  );
  const name = "Test counselor";
  assert.deepEqual(shown, [
    {
      kind: "interaction",
      type: "call",
      direction: null,
      subject: "Fees",
      body: null,
      outcome: null,
      duration_seconds: null,
      occurred_at: "2026-11-01T10:00:00.000Z",
    },
    {
      kind: "task",
      title: task.title,
      status: "done",
      priority: "normal",
      due_at,
      completed_at: done.completed_at,
      assigned_to: counselor.userId,
      assigned_to_name: name,
    },
    {
      kind: "message",
      direction: "outbound",
      status: "delivered",
      body: "Welcome",
      to: "+233244000001",
      from: "Demo",
    },
    { kind: "student_added", student_id: data[3]?.id, student_name: "Kofi Mensah" },
    {
      kind: "assignment",
      from_user: null,
      from_user_name: null,
      to_user: counselor.userId,
      to_user_name: name,
      method: "manual",
      note: "Yours",
      deadline: null,
    },
    {
      kind: "stage_change",
      from_status: "new",
      to_status: "contacted",
      seconds_in_stage: 90,
      note: null,
    },
    { kind: "lead_created", source: "website" },
  ]);
});

Deno.test("The pages of a timeline, whatever their size, are the timeline, also while it grows", async () => {
  const { organization, admin } = await newOffice();
  const lead = await storeLead(organization);
  await happen(organization, lead, admin.userId);
  await withDatabase((sql) =>
    sql`insert into public.interactions (organization_id, lead_id, type, body)
      select ${organization.id}, ${lead}, 'note', n::text from generate_series(1, 40) n`
  );
  await happen(organization, lead, admin.userId);
  const whole = (await timeline(admin, lead, "?limit=200")).data;
  assert.equal(whole.length, 49);
  for (const limit of [1, 7, 48, 49]) {
    const pages: Item[] = [];
    let before: string | null = null;
    do {
      const query = `?limit=${limit}${before ? `&before=${before}` : ""}`;
      const page: Timeline = await timeline(admin, lead, query);
      assert(page.data.length > 0 && page.data.length <= limit);
      pages.push(...page.data);
      before = page.next_before;
      if (limit === 7) {
        const path = `/leads/${lead}/interactions`;
        expectStatus(await call(admin, "POST", path, { type: "note" }), 201);
      }
    } while (before);
    assert.deepEqual(pages, whole.slice(-pages.length), `pages of ${limit}`);
    whole.splice(0, whole.length, ...(await timeline(admin, lead, "?limit=200")).data);
  }
});

Deno.test("One kind alone can be asked for", async () => {
  const { organization, admin } = await newOffice();
  const lead = await storeLead(organization);
  await happen(organization, lead, admin.userId);
  const { data } = await timeline(admin, lead, "?kind=stage_change");
  assert.deepEqual(data.map(({ kind }) => kind), ["stage_change"]);
  assert.deepEqual((await timeline(admin, lead, "?kind=task")).data, []);
});

Deno.test("The timeline leaves out what its reader may not read", async () => {
  const { organization, admin, manager, counselor } = await newOffice();
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  await happen(organization, lead, admin.userId);
  await addTask(admin, { lead_id: lead });
  expectStatus(await call(admin, "POST", `/leads/${lead}/interactions`, { type: "note" }), 201);
  const always = ["student_added", "assignment", "stage_change", "lead_created"];
  const viewer = await addMember(organization, "viewer");
  for (const who of [admin, viewer]) {
    assert.deepEqual(await kindsOf(who, lead), ["interaction", "task", "message", ...always]);
  }
  for (const who of [manager, counselor]) {
    assert.deepEqual(await kindsOf(who, lead), ["interaction", "task", ...always], "no texts");
  }
  const clerk = await addMemberWith(organization, ["leads:read"]);
  assert.deepEqual(await kindsOf(clerk, lead), always);
  assert.deepEqual((await timeline(clerk, lead, "?kind=message")).data, []);
});

Deno.test("A caller who may not see the lead gets 404, and an invalid cursor 422", async () => {
  const { organization, admin, otherManager, otherCounselor, counselor } = await newOffice();
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  const stranger = (await newOrganization()).admin;
  for (const who of [otherManager, otherCounselor, stranger]) {
    expectProblem(await call(who, "GET", `/leads/${lead}/timeline`), 404, "not_found");
  }
  for (const query of ["before=x", "limit=0", "limit=201", "kind=everything"]) {
    const answer = await call(admin, "GET", `/leads/${lead}/timeline?${query}`);
    expectProblem(answer, 422, "invalid_field");
  }
  await withDatabase((sql) => sql`update public.leads set deleted_at = now() where id = ${lead}`);
  expectProblem(await call(admin, "GET", `/leads/${lead}/timeline`), 404, "not_found");
});

Deno.test("Of tasks on a lead with another's permission of own scope, the timeline shows none", async () => {
  const { organization, admin } = await newOffice();
  const lead = await storeLead(organization);
  await addTask(admin, { lead_id: lead });
  const clerk = await addMemberWith(organization, ["leads:read", "tasks:read"]);
  await withDatabase((sql) =>
    sql`update public.role_permissions p set scope = 'own' from public.memberships m
      where m.user_id = ${clerk.userId} and p.role_id = m.role_id and p.permission = 'tasks:read'`
  );
  assert.deepEqual(await kindsOf(clerk, lead), ["lead_created"]);
});
