import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { storeLead } from "../support/lead_rows.ts";
import { newOffice, type Office } from "../support/office.ts";
import type { Session } from "../support/people.ts";
import { letPass, runClocksUntil } from "../support/sla.ts";
import { addTask, inMinutes } from "../support/tasks.ts";
import { until } from "../support/wait.ts";

const suspend = async ({ admin }: Office, { userId }: Session) =>
  expectStatus(await call(admin, "PATCH", `/users/${userId}`, { status: "suspended" }), 200);

/** Who was told of what, sorted: the title, and the person. */
const told = (office: Office, kind: string) =>
  withDatabase(async (sql) =>
    (await sql<{ user_id: string; title: string; body: string }[]>`
      select user_id, title, body from public.notifications
      where organization_id = ${office.id} and kind = ${kind} order by user_id, title`)
      .map((row) => ({ ...row }))
  );

const reminded = (task: string) =>
  until(() =>
    withDatabase(async (sql) => {
      await sql`select private.run_task_reminders()`;
      const rows = await sql`select from public.tasks where id = ${task} and remind_at is null`;
      return rows.length === 1;
    }), { what: "the reminder to be claimed" });

Deno.test("who is suspended with open work is reported to who may assign it, and so are its reminders", async () => {
  const office = await newOffice();
  const { organization, admin, manager, counselor } = office;
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  const task = await addTask(admin, {
    lead_id: lead,
    due_at: inMinutes(20),
    assigned_to: counselor.userId,
  });
  await suspend(office, counselor);
  const [first, ...more] = await told(office, "system");
  assert.deepEqual(more, []);
  assert.equal(first?.user_id, manager.userId);
  assert.match(first?.title ?? "", /was suspended/);
  assert.match(first?.body ?? "", /Open leads: 1, open tasks: 1\./);

  await reminded(task.id);
  assert.deepEqual((await told(office, "task_due")).map(({ user_id }) => user_id), [
    manager.userId,
  ]);

  await withDatabase(async (sql) => {
    const minutes = await sql<{ minutes: number }[]>`
      select extract(epoch from sla_next_at - now())::int / 60 + 1 as minutes from public.leads where id = ${lead}`;
    await letPass(sql, [lead], minutes[0]?.minutes ?? 0);
    await runClocksUntil(sql, lead, "due_soon");
  });
  assert.deepEqual((await told(office, "sla_reminder")).map(({ user_id }) => user_id), [
    manager.userId,
  ]);
});

Deno.test("without a manager in the team the admins take the place of who is suspended", async () => {
  const office = await newOffice();
  const { organization, admin, stranger } = office;
  await storeLead(organization, { assigned_to: stranger.userId });
  await suspend(office, stranger);
  assert.deepEqual((await told(office, "system")).map(({ user_id }) => user_id), [admin.userId]);
});

Deno.test("nobody is notified of who is suspended without open work", async () => {
  const office = await newOffice();
  await suspend(office, office.colleague);
  assert.deepEqual(await told(office, "system"), []);
});

Deno.test("GET /dashboard/leads-per-assignee says who is suspended", async () => {
  const office = await newOffice();
  const { organization, admin, counselor, colleague } = office;
  for (const { userId } of [counselor, colleague]) {
    await storeLead(organization, { assigned_to: userId });
  }
  await suspend(office, counselor);
  const rows = expectStatus<{ user_id: string; status: string; open: number }[]>(
    await call(admin, "GET", "/dashboard/leads-per-assignee"),
    200,
  );
  const of = ({ userId }: Session) => rows.find(({ user_id }) => user_id === userId);
  assert.deepEqual([of(counselor)?.status, of(counselor)?.open], ["suspended", 1]);
  assert.deepEqual([of(colleague)?.status, of(colleague)?.open], ["active", 1]);
});
