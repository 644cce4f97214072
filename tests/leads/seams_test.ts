import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { imported } from "../support/lead_import.ts";
import {
  assignmentsOf,
  holdersOf,
  leadRow,
  storeLead,
  storeLeads,
  told,
} from "../support/lead_rows.ts";
import { assign, bulkAssign, type LeadBody, merge, move } from "../support/leads.ts";
import { mailArrived } from "../support/mail.ts";
import { newOffice } from "../support/office.ts";
import type { Session } from "../support/people.ts";
import { differences } from "../support/recount.ts";
import { clockOf, eventsOf, letPass, runClocksUntil } from "../support/sla.ts";
import { addTask, inMinutes, titlesOf } from "../support/tasks.ts";
import { until } from "../support/wait.ts";

/*
 * Where the parts meet: an assignment and the clock, a merge and the figures, a deletion and what hangs under the lead.
 */

const runClocks = () => withDatabase((sql) => sql`select private.run_sla()`);
const runReminders = () => withDatabase((sql) => sql`select private.run_task_reminders()`);

/** Logs a call, as the person. */
async function answerTo(session: Session, lead: string): Promise<void> {
  const body = { type: "call", direction: "outbound" };
  expectStatus(await call(session, "POST", `/leads/${lead}/interactions`, body), 201);
}

const clock = (lead: string) => withDatabase((sql) => clockOf(sql, lead));

Deno.test("A deadline given with an assignment is the clock's, and neither moves nor settings shift it", async () => {
  const { organization, admin, counselor: first, colleague: second } = await newOffice();
  const [one = "", two = ""] = await storeLeads(organization, 2);
  const deadline = inMinutes(5_000);
  const given = expectStatus<LeadBody & { sla: { deadline: string } }>(
    await call(admin, "PATCH", `/leads/${one}/assign`, { assigned_to: first.userId, deadline }),
    200,
  );
  assert.equal(given.sla.deadline, deadline);
  await call(admin, "POST", "/leads/bulk-assign", {
    lead_ids: [two],
    assigned_to: first.userId,
    deadline,
  });
  for (const lead of [one, two]) {
    await move(first, lead, "contacted");
    const row = await leadRow(lead);
    assert.deepEqual([row["sla_deadline"], row["sla_explicit"]], [new Date(deadline), true]);
    assert.deepEqual((await assignmentsOf(lead)).map((each) => each["deadline"]), [
      new Date(deadline),
    ]);
  }
  expectStatus(await call(admin, "PATCH", "/leads/settings", { sla_minutes: 15 }), 200);
  assert.deepEqual((await clock(one)).sla_deadline, new Date(deadline));
  // The next person gets the organization's own time again.
  await assign(admin, one, second.userId);
  const row = await leadRow(one);
  assert.equal(row["sla_explicit"], false);
  assert((row["sla_deadline"] as Date).getTime() < Date.now() + 16 * 60_000);
});

Deno.test("POST /leads with a holder starts the clock, writes the history, and tells the person", async () => {
  const { admin, counselor: first } = await newOffice();
  const body = { first_name: "Efua", last_name: "Baah", assigned_to: first.userId };
  const lead = expectStatus<LeadBody & { sla: { status: string } }>(
    await call(admin, "POST", "/leads", body),
    201,
  );
  assert.deepEqual([lead.assigned_to, lead.sla.status], [first.userId, "running"]);
  assert.deepEqual(
    (await assignmentsOf(lead.id)).map(({ from_user, to_user, assigned_by }) => [
      from_user,
      to_user,
      assigned_by,
    ]),
    [[null, first.userId, admin.userId]],
  );
  assert.deepEqual((await told(first.userId)).map(({ data }) => data["lead_id"]), [lead.id]);
  assert.equal((await mailArrived(first.email, /Efua Baah/)).length, 1);
});

Deno.test("A merge moves the clock's events, and the figures equal a recount", async () => {
  const { organization, admin, counselor: first, colleague: second } = await newOffice();
  const [older = "", newer = "", third = ""] = await storeLeads(organization, 3);
  await assign(admin, older, first.userId);
  await withDatabase(async (sql) => {
    await letPass(sql, [older], 200);
    await runClocksUntil(sql, older, "breached");
  });
  for (const lead of [newer, third]) {
    await assign(admin, lead, second.userId);
    await answerTo(second, lead);
  }
  await merge(admin, older, newer);
  assert.deepEqual(await differences(organization.id), []);
  await withDatabase(async (sql) => {
    const events = (await eventsOf(sql, older)).map(({ event, met }) => [event, met]);
    assert.deepEqual(events, [["breach", null], ["response", true]]);
    assert.equal((await eventsOf(sql, newer)).length, 0);
  });
  const sla = expectStatus<Record<string, number>>(
    await call(admin, "GET", "/dashboard/sla-performance"),
    200,
  );
  assert.deepEqual([sla["met"], sla["breached"], sla["responses"]], [2, 1, 2]);
  assert.equal((await clock(older)).sla_status, "breached", "the remaining lead's own clock stays");
});

Deno.test("A merge into a lead that nobody holds keeps what was answered, and starts no clock", async () => {
  const { organization, admin, counselor: first } = await newOffice();
  const [older = "", newer = ""] = await storeLeads(organization, 2);
  await assign(admin, newer, first.userId);
  await answerTo(first, newer);
  const before = await clock(newer);
  const merged = await merge(admin, older, newer);
  assert.equal(merged.assigned_to, first.userId);
  assert.deepEqual(await clock(older), before);
  assert.equal(before.sla_status, "met");
  await withDatabase(async (sql) => {
    assert.deepEqual((await eventsOf(sql, older)).map(({ event }) => event), ["response"]);
  });
  assert.deepEqual(await differences(organization.id), []);
});

Deno.test("The assignee of both leads of a merge has answered both with one answer", async () => {
  const { organization, admin, counselor: first } = await newOffice();
  const [older = "", newer = ""] = await storeLeads(organization, 2);
  await bulkAssign(admin, { lead_ids: [older, newer], assigned_to: first.userId });
  await answerTo(first, newer);
  await merge(admin, newer, older);
  const { sla_status, sla_next_at, sla_responded_at } = await clock(older);
  assert.deepEqual([sla_status, sla_next_at], ["met", null]);
  assert(sla_responded_at);
  assert.deepEqual(await differences(organization.id), []);
});

Deno.test("A deleted lead's tasks are silent and out of sight until it is restored, its clock begins anew", async () => {
  const { organization, admin, counselor: first } = await newOffice();
  const lead = await storeLead(organization);
  await assign(admin, lead, first.userId);
  const due = { lead_id: lead, title: "Call again", due_at: inMinutes(600) };
  const task = await addTask(first, due);
  expectStatus(await call(admin, "DELETE", `/leads/${lead}`), 204);
  await withDatabase((sql) =>
    sql`update public.tasks set due_at = now() - interval '5 minutes' where id = ${task.id}`
  );
  await withDatabase((sql) => letPass(sql, [lead], 500));
  await runReminders();
  await runClocks();
  assert.deepEqual(await titlesOf(first), []);
  expectProblem(await call(first, "GET", `/tasks/${task.id}`), 404);
  expectProblem(await call(first, "POST", "/tasks", { ...due, title: "More" }), 404);
  const notices = () =>
    withDatabase(async (sql) => {
      const rows = await sql<{ kind: string }[]>`
        select kind from public.notifications where user_id = ${first.userId} order by id`;
      return rows.map(({ kind }) => kind);
    });
  assert.deepEqual(await notices(), ["assignment"]);
  assert.equal((await clock(lead)).sla_next_at, null);

  expectStatus(await call(admin, "POST", `/leads/${lead}/restore`), 200);
  const { sla_status, sla_deadline } = await clock(lead);
  assert.equal(sla_status, "running");
  assert((sla_deadline?.getTime() ?? 0) > Date.now() + 100 * 60_000);
  assert.deepEqual(await titlesOf(first), ["Call again"]);
  await until(async () => {
    await runReminders();
    return (await notices()).includes("task_due");
  }, { what: "the reminder" });
  await runReminders();
  assert.deepEqual(await notices(), ["assignment", "task_due"]);
  assert.deepEqual(await differences(organization.id), []);
});

Deno.test("After an import of a thousand rows the figures equal a recount, and everybody was notified once", async () => {
  const { organization, admin, counselor: first } = await newOffice();
  const rows = Array.from({ length: 1_000 }, (_, n) => `Lead ${n},02441${10_000 + n},${n}`);
  const result = await imported(admin, `name,phone,value\n${rows.join("\n")}\n`, {
    assigned_to: first.userId,
  });
  assert.deepEqual([result.status, result.created], ["done", 1_000]);
  assert.deepEqual(await differences(organization.id), []);
  const metrics = expectStatus<{ total: number; open: number; value: { total: string } }>(
    await call(first, "GET", "/dashboard/metrics"),
    200,
  );
  assert.deepEqual([metrics.total, metrics.open, metrics.value.total], [1_000, 1_000, "499500.00"]);
  assert.deepEqual((await told(first.userId)).map(({ title }) => title), [
    "1000 leads were assigned to you",
  ]);
  const [mail, ...more] = await mailArrived(first.email, /^Assigned to you/);
  assert.equal(mail?.subject, "Assigned to you: 1000 leads");
  assert.deepEqual(more, []);
  const done = await withDatabase((sql) =>
    sql`select kind from public.notifications where user_id = ${admin.userId}`
  );
  assert.deepEqual(done.map(({ kind }) => kind), ["import_finished"]);
});

Deno.test("A person who gets one lead by an import is given its name", async () => {
  const { admin, counselor: first } = await newOffice();
  await imported(admin, "name,phone\nEfua Baah,0244110009\n", { assigned_to: first.userId });
  const [notice, ...more] = await told(first.userId);
  assert.deepEqual([notice?.title, notice?.data["lead_name"]], [
    "A lead was assigned to you",
    "Efua Baah",
  ]);
  assert.deepEqual(more, []);
  const [mail] = await mailArrived(first.email, /^Assigned to you/);
  assert.equal(mail?.subject, "Assigned to you: the lead Efua Baah");
});

Deno.test("The dashboard counts as breached and due what the list shows so, for each role", async () => {
  const { organization, admin, manager, counselor: first, colleague: second } = await newOffice();
  const ids = await storeLeads(organization, 6);
  await bulkAssign(admin, { lead_ids: ids.slice(0, 4), assigned_to: first.userId });
  await bulkAssign(admin, { lead_ids: ids.slice(4), assigned_to: second.userId });
  const late = [ids[0], ids[1], ids[4], ids[5]].map(String);
  await withDatabase(async (sql) => {
    await letPass(sql, late, 300);
    await letPass(sql, [String(ids[2])], 100);
    for (const lead of late) await runClocksUntil(sql, lead, "breached");
    await runClocksUntil(sql, String(ids[2]), "due_soon");
  });
  await answerTo(first, ids[0] ?? "");
  await move(second, ids[4] ?? "", "won");
  expectStatus(await call(admin, "DELETE", `/leads/${ids[5]}`), 204);
  for (const person of [admin, manager, first, second]) {
    const metrics = expectStatus<{ breached: number; due_soon: number; total: number }>(
      await call(person, "GET", "/dashboard/metrics"),
      200,
    );
    const total = async (query: string) =>
      expectStatus<{ total: number }>(await call(person, "GET", `/leads${query}`), 200).total;
    assert.deepEqual(
      [metrics.breached, metrics.due_soon, metrics.total],
      [await total("?sla=breached"), await total("?sla=due"), await total("")],
      person.email,
    );
  }
});

Deno.test("A member removed at the moment of an assignment ends up with no open lead", async () => {
  const office = await newOffice();
  const { organization, admin, counselor: first, colleague: second, stranger } = office;
  for (const leaving of [first, second, stranger]) {
    const ids = await storeLeads(organization, 4);
    const [given, removed] = await Promise.all([
      call(admin, "POST", "/leads/bulk-assign", { lead_ids: ids, assigned_to: leaving.userId }),
      call(admin, "DELETE", `/users/${leaving.userId}?reassign_to=none`),
    ]);
    assert.equal(removed.status, 204, JSON.stringify(removed.body));
    assert([200, 422].includes(given.status), JSON.stringify(given.body));
    assert.deepEqual(await holdersOf(ids), [null, null, null, null]);
  }
  assert.deepEqual(await differences(organization.id), []);
});

Deno.test("A task added at the moment of its lead's deletion is refused or goes with it", async () => {
  const { organization, admin } = await newOffice();
  for (let turn = 0; turn < 6; turn++) {
    const lead = await storeLead(organization);
    const [added, deleted] = await Promise.all([
      call(admin, "POST", "/tasks", { lead_id: lead, title: `Turn ${turn}` }),
      call(admin, "DELETE", `/leads/${lead}`),
    ]);
    assert.equal(deleted.status, 204);
    assert([201, 404].includes(added.status), JSON.stringify(added.body));
  }
  assert.deepEqual(await titlesOf(admin), [], "no task of a deleted lead is in sight");
});

Deno.test("A closed lead of somebody who left belongs to nobody once it is reopened; one in the bin went along", async () => {
  const { organization, admin, counselor: first, colleague: second } = await newOffice();
  const [closed = "", deleted = ""] = await storeLeads(organization, 2);
  await bulkAssign(admin, { lead_ids: [closed, deleted], assigned_to: first.userId });
  await move(first, closed, "won");
  expectStatus(await call(admin, "DELETE", `/leads/${deleted}`), 204);
  const removal = `/users/${first.userId}?reassign_to=${second.userId}`;
  expectStatus(await call(admin, "DELETE", removal), 204);
  assert.deepEqual(await holdersOf([closed, deleted]), [first.userId, second.userId]);

  const reopened = await move(admin, closed, "contacted");
  assert.equal(reopened.assigned_to, null);
  const list = await call(admin, "GET", "/leads?assigned_to=none");
  assert.deepEqual(expectStatus<{ data: LeadBody[] }>(list, 200).data.map(({ id }) => id), [
    closed,
  ]);
  const last = (await assignmentsOf(closed)).at(-1);
  assert.deepEqual([last?.["from_user"], last?.["to_user"], last?.["method"]], [
    first.userId,
    null,
    "departure",
  ]);
  expectStatus(await call(admin, "POST", `/leads/${deleted}/restore`), 200);
  assert.equal((await clock(deleted)).sla_status, "running");
  assert.deepEqual(await differences(organization.id), []);
});
