import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { storeLead } from "../support/lead_rows.ts";
import { newOffice } from "../support/office.ts";
import { addTask, changeTask, inMinutes } from "../support/tasks.ts";
import { until } from "../support/wait.ts";

interface Told {
  user_id: string;
  kind: string;
  body: string;
  data: Record<string, unknown>;
  event_key: string;
}

/** The notifications of tasks in an organization, in their order. */
const told = (organization: { id: string }): Promise<Told[]> =>
  withDatabase(async (sql) => [
    ...await sql<Told[]>`select user_id, kind, body, data, event_key from public.notifications
      where organization_id = ${organization.id} and kind = 'task_due' order by id`,
  ]);

/** Runs the job; the stack's own clock may do so at the same moment, which must not matter. */
const remind = () => withDatabase((sql) => sql`select private.run_task_reminders()`);

const reminded = (id: string) =>
  until(async () => {
    await remind();
    const rows = await withDatabase((sql) =>
      sql<{ remind_at: Date | null }[]>`select remind_at from public.tasks where id = ${id}`
    );
    return rows[0]?.remind_at === null;
  }, { what: "the reminder to be claimed" });

Deno.test("The assignee is notified of a task once, its time before it is due", async () => {
  const { organization, admin, counselor } = await newOffice();
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  const due_at = inMinutes(20);
  const task = await addTask(admin, { lead_id: lead, due_at, assigned_to: counselor.userId });
  await addTask(admin, { due_at: inMinutes(45) });
  await addTask(admin, { due_at: inMinutes(10), remind_minutes_before: 5 });
  await addTask(admin, { due_at: inMinutes(5), remind_minutes_before: null });
  await addTask(admin);
  await reminded(task.id);
  await Promise.all(Array.from({ length: 4 }, remind));
  const notices = await told(organization);
  assert.equal(notices.length, 1, JSON.stringify(notices));
  assert(notices[0]);
  const { data, ...notice } = notices[0];
  assert.deepEqual(notice, {
    user_id: counselor.userId,
    kind: "task_due",
    body: task.title,
    event_key: `task_due:${task.id}:${Math.round(Date.parse(due_at) / 1000)}`,
  });
  assert.deepEqual(
    [data["task_id"], data["task_title"], data["lead_id"], data["lead_name"]],
    [task.id, task.title, lead, "Ama Mensah"],
  );
  assert.equal(Date.parse(String(data["due_at"])), Date.parse(due_at));
  const mailed = await withDatabase((sql) =>
    sql`select kind, lead_id from public.emails
      where organization_id = ${organization.id} and kind <> 'invitation'`
  );
  assert.deepEqual(mailed.map((row) => ({ ...row })), [{ kind: "task_due", lead_id: lead }]);
});

Deno.test("Many runs at the same moment notify each assignee of each task once", async () => {
  const { organization, counselor } = await newOffice();
  const due_at = inMinutes(5);
  const rows = Array.from({ length: 200 }, (_, n) => ({
    organization_id: organization.id,
    title: `Task ${n}`,
    due_at,
    assigned_to: counselor.userId,
  }));
  await withDatabase((sql) => sql`insert into public.tasks ${sql(rows)}`);
  await Promise.all(Array.from({ length: 6 }, remind));
  const notices = await until(async () => {
    const all = await told(organization);
    return all.length >= rows.length && all;
  }, { what: "the last of the runs" });
  assert.equal(notices.length, 200);
  assert.equal(new Set(notices.map(({ event_key }) => event_key)).size, 200);
});

Deno.test("Another due time or assignee is reminded of anew; what is done or on a deleted lead is not", async () => {
  const { organization, admin, counselor, manager } = await newOffice();
  const task = await addTask(counselor, { due_at: inMinutes(20) });
  await reminded(task.id);
  const later = await changeTask(counselor, task.id, { due_at: inMinutes(25) });
  assert(later.remind_at, "it is armed again");
  await reminded(task.id);
  const renamed = await changeTask(counselor, task.id, { title: "Other words" });
  assert.equal(renamed.remind_at, null, "other words are no new reminder");
  await changeTask(counselor, task.id, { assigned_to: manager.userId });
  await reminded(task.id);
  await changeTask(counselor, task.id, { status: "done" });
  await changeTask(counselor, task.id, { status: "open" });
  await reminded(task.id);
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  const hidden = await addTask(admin, { lead_id: lead, due_at: inMinutes(60) });
  await withDatabase(async (sql) => {
    await sql`update public.leads set deleted_at = now() where id = ${lead}`;
    await sql`update public.tasks set due_at = now() where id = ${hidden.id}`;
  });
  await reminded(hidden.id);
  assert.deepEqual(
    (await told(organization)).map(({ user_id }) => user_id),
    [counselor.userId, counselor.userId, manager.userId],
  );
});

Deno.test("A reminder names the lead only to an assignee who may see it", async () => {
  const { organization, admin, counselor } = await newOffice();
  const lead = await storeLead(organization, { first_name: "Secret" });
  const fields = { lead_id: lead, due_at: inMinutes(1), assigned_to: counselor.userId };
  await reminded((await addTask(admin, fields)).id);
  const [notice] = await told(organization);
  assert(notice && !JSON.stringify(notice).includes("Secret") && !("lead_id" in notice.data));
});
