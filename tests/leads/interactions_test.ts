import assert from "node:assert/strict";
import type { Page } from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { storeLead } from "../support/lead_rows.ts";
import { newOffice } from "../support/office.ts";
import { addMember, addMemberWith, newOrganization } from "../support/people.ts";

interface InteractionBody {
  id: string;
  type: string;
  body: string | null;
  occurred_at: string;
}

const log = async (session: Caller, lead: string, fields: Record<string, unknown>) =>
  expectStatus<InteractionBody>(
    await call(session, "POST", `/leads/${lead}/interactions`, fields),
    201,
  );

const listed = async (session: Caller, lead: string, query = "") =>
  expectStatus<Page<InteractionBody>>(
    await call(session, "GET", `/leads/${lead}/interactions${query}`),
    200,
  );

Deno.test("POST /leads/{id}/interactions stores what was said, and the list shows it newest first", async () => {
  const { organization, counselor } = await newOffice();
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  const call_ = await log(counselor, lead, {
    type: "call",
    direction: "outbound",
    subject: " First call ",
    body: "Wants the fees",
    outcome: "reached",
    duration_seconds: 180,
    occurred_at: "2026-11-20T17:30:00+01:00",
  });
  assert.deepEqual({ ...call_, id: "", created_at: "" }, {
    id: "",
    lead_id: lead,
    type: "call",
    direction: "outbound",
    subject: "First call",
    body: "Wants the fees",
    outcome: "reached",
    duration_seconds: 180,
    occurred_at: "2026-11-20T16:30:00.000Z",
    created_by: counselor.userId,
    created_by_name: "Test counselor",
    created_at: "",
  });
  const note = await log(counselor, lead, { type: "note", body: "Prefers mornings" });
  const all = await listed(counselor, lead);
  assert.deepEqual([all.data, all.total], [[note, call_], 2]);
  const notes = await listed(counselor, lead, "?type=note");
  assert.deepEqual([notes.data, notes.total], [[note], 1]);
  const second = await listed(counselor, lead, "?limit=1&offset=1");
  assert.deepEqual([second.data, second.total], [[call_], 2]);
});

Deno.test("Bad interactions are refused, name their fields, and store nothing", async () => {
  const { organization, counselor } = await newOffice();
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  const soon = new Date(Date.now() + 10 * 60_000).toISOString();
  const cases: [Record<string, unknown>, string][] = [
    [{ type: "fax" }, "type"],
    [{ type: null }, "type"],
    [{ direction: "sideways" }, "direction"],
    [{ subject: "x".repeat(201) }, "subject"],
    [{ body: "x".repeat(20_001) }, "body"],
    [{ body: 5 }, "body"],
    [{ outcome: " " }, "outcome"],
    [{ duration_seconds: -1 }, "duration_seconds"],
    [{ duration_seconds: 1.5 }, "duration_seconds"],
    [{ duration_seconds: 86_401 }, "duration_seconds"],
    [{ occurred_at: "yesterday" }, "occurred_at"],
    [{ occurred_at: "0001-01-01T00:00:00Z" }, "occurred_at"],
    [{ occurred_at: soon }, "occurred_at"],
  ];
  for (const [fields, path] of cases) {
    const body = { type: "call", ...fields };
    const answer = await call(counselor, "POST", `/leads/${lead}/interactions`, body);
    const problem = expectProblem(answer, 422, "invalid_field");
    assert.deepEqual(problem.errors?.map((error) => error.path), [path], JSON.stringify(fields));
  }
  expectProblem(await call(counselor, "GET", `/leads/${lead}/interactions?type=fax`), 422);
  expectProblem(await call(counselor, "GET", "/leads/1/interactions"), 422);
  assert.equal((await listed(counselor, lead)).total, 0);
  const ahead = new Date(Date.now() + 2 * 60_000).toISOString();
  await log(counselor, lead, { type: "note", occurred_at: ahead });
});

Deno.test("An interaction is logged once for an Idempotency-Key, also by requests at the same moment", async () => {
  const { organization, counselor } = await newOffice();
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  const headers = { "idempotency-key": crypto.randomUUID() };
  const path = `/leads/${lead}/interactions`;
  const send = () => call(counselor, "POST", path, { type: "call" }, headers);
  const answers = [...await Promise.all([send(), send(), send()]), await send()];
  const created = answers.filter(({ status }) => status === 201).map(({ body }) => body);
  for (const one of created) assert.deepEqual(one, created[0]);
  assert.equal((await listed(counselor, lead)).total, 1);
});

Deno.test("Interactions follow their lead: who does not see it sees and logs none", async () => {
  const { organization, admin, manager, counselor, otherManager, otherCounselor } =
    await newOffice();
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  const path = `/leads/${lead}/interactions`;
  for (const who of [admin, manager, counselor]) {
    await log(who, lead, { type: "note" });
    assert((await listed(who, lead)).total > 0);
  }
  const stranger = (await newOrganization()).admin;
  for (const who of [otherManager, otherCounselor, stranger]) {
    expectProblem(await call(who, "GET", path), 404, "not_found");
    expectProblem(await call(who, "POST", path, { type: "note" }), 404, "not_found");
    const rows = await who.client.from("interactions").select("id").eq("lead_id", lead);
    assert.deepEqual(rows.data, []);
  }
  const viewer = await addMember(organization, "viewer");
  assert.equal((await listed(viewer, lead)).total, 3);
  expectProblem(await call(viewer, "POST", path, { type: "note" }), 403, "permission_denied");
  const clerk = await addMemberWith(organization, ["leads:read"]);
  expectProblem(await call(clerk, "GET", path), 403, "permission_denied");
  await withDatabase((sql) => sql`update public.leads set deleted_at = now() where id = ${lead}`);
  expectProblem(await call(admin, "GET", path), 404, "not_found");
  expectProblem(await call(admin, "POST", path, { type: "note" }), 404, "not_found");
});

Deno.test("What was logged stays: nobody changes or deletes an interaction", async () => {
  const { organization, admin } = await newOffice();
  const lead = await storeLead(organization);
  const { id } = await log(admin, lead, { type: "note", body: "First" });
  const changed = await admin.client.from("interactions").update({ body: "Other" }).eq("id", id);
  const deleted = await admin.client.from("interactions").delete().eq("id", id);
  assert.deepEqual([changed.error?.code, deleted.error?.code], ["42501", "42501"]);
  await assert.rejects(
    withDatabase((sql) => sql`update public.interactions set body = 'Other' where id = ${id}`),
  );
  assert.equal((await listed(admin, lead)).data[0]?.body, "First");
});

/** Starts a lead's response clock so many minutes ago. */
const startClock = (lead: string, minutesAgo: number) =>
  withDatabase((sql) =>
    sql`update public.leads set sla_status = 'running', sla_responded_at = null,
        sla_started_at = date_trunc('second', now()) - make_interval(mins => ${minutesAgo}),
        sla_deadline = now() + interval '1 hour'
      where id = ${lead}`
  );

async function clockOf(lead: string): Promise<{ started: number; responded: number | null }> {
  const rows = await withDatabase((sql) =>
    sql<{ started: Date; responded: Date | null }[]>`
      select sla_started_at as started, sla_responded_at as responded from public.leads where id = ${lead}`
  );
  assert(rows[0]);
  return { started: rows[0].started.getTime(), responded: rows[0].responded?.getTime() ?? null };
}

Deno.test("The holder's first contact answers the response clock; notes, others' and received ones do not", async () => {
  const { organization, admin, counselor } = await newOffice();
  const lead = await storeLead(organization, { assigned_to: counselor.userId });
  await startClock(lead, 60);
  await log(counselor, lead, { type: "note" });
  await log(counselor, lead, { type: "email", direction: "inbound" });
  await log(counselor, lead, { type: "sms", direction: "inbound" });
  await log(admin, lead, { type: "call" });
  assert.equal((await clockOf(lead)).responded, null);
  const occurred_at = new Date(Date.now() - 10 * 60_000).toISOString();
  await log(counselor, lead, { type: "call", direction: "inbound", occurred_at });
  assert.equal((await clockOf(lead)).responded, Date.parse(occurred_at));
  await log(counselor, lead, { type: "meeting" });
  assert.equal((await clockOf(lead)).responded, Date.parse(occurred_at), "the first one counts");
});

Deno.test("A contact never answers before the clock started, nor after now, and starts none", async () => {
  const { organization, counselor } = await newOffice();
  const columns = { assigned_to: counselor.userId };
  const [early, ahead] = [
    await storeLead(organization, columns),
    await storeLead(organization, columns),
  ];
  await startClock(early, 30);
  const occurred_at = new Date(Date.now() - 3_600_000).toISOString();
  await log(counselor, early, { type: "email", occurred_at });
  const clock = await clockOf(early);
  assert.equal(clock.responded, clock.started);
  await startClock(ahead, 30);
  const soon = new Date(Date.now() + 4 * 60_000).toISOString();
  await log(counselor, ahead, { type: "sms", direction: "outbound", occurred_at: soon });
  const { responded } = await clockOf(ahead);
  assert(responded !== null && responded < Date.parse(soon) - 60_000, String(responded));
});
