import assert from "node:assert/strict";
import { withDatabase } from "./support/db.ts";
import { call, expectProblem, expectStatus } from "./support/http.ts";
import {
  assign,
  assignmentsOf,
  type LeadBody,
  leadRow,
  move,
  movesOf,
  salesOffice,
  setCapacity,
  storeLead,
  storeLeads,
} from "./support/lead_rows.ts";
import { addMember, newOrganization, type Session } from "./support/organization.ts";

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";

const children = ["interactions", "tasks", "students", "consents", "messages", "emails"];

/** One row of everything under the lead. */
async function equip(organization: { id: string }, lead: string): Promise<void> {
  await withDatabase(async (sql) => {
    const own = { organization_id: organization.id, lead_id: lead };
    await sql`insert into public.interactions ${sql({ ...own, type: "call", body: "Hello" })}`;
    await sql`insert into public.tasks ${sql({ ...own, title: "Call again" })}`;
    await sql`insert into public.students ${sql({ ...own, first_name: "Esi" })}`;
    const consent = { event: "granted", phone: "+233244000001", source: "form" };
    await sql`insert into public.consents ${sql({ ...own, ...consent, occurred_at: new Date() })}`;
    await sql`insert into public.messages (organization_id, lead_id, account_id, provider, from_number, to_number, body,
        segments, encoding, status)
      select ${organization.id}, ${lead}, a.id, a.provider, a.sender_id, '+233244000001', 'Hello', 1, 'GSM-7', 'delivered'
      from public.sms_accounts a where a.organization_id = ${organization.id}`;
    const mail = { kind: "system", to_address: "a@b.test", event_key: crypto.randomUUID() };
    await sql`insert into public.emails ${sql({ ...own, ...mail })}`;
  });
}

async function countOf(lead: string): Promise<Record<string, number>> {
  return await withDatabase(async (sql) => {
    const counts: Record<string, number> = {};
    for (const table of children) {
      const rows = await sql<{ n: number }[]>`
        select count(*)::int as n from public.${sql(table)} where lead_id = ${lead}`;
      counts[table] = rows[0]?.n ?? 0;
    }
    return counts;
  });
}

const all = (n: number) => Object.fromEntries(children.map((table) => [table, n]));

async function merge(session: Session, lead: string, duplicate_id: string): Promise<LeadBody> {
  return expectStatus(await call(session, "POST", `/leads/${lead}/merge`, { duplicate_id }), 200);
}

for (const named of ["older", "younger"]) {
  Deno.test(`POST /leads/{id}/merge keeps the older lead with everything of both, though the ${named} one is in the path`, async () => {
    const { organization, admin, first } = await salesOffice();
    const [older = "", younger = ""] = await storeLeads(organization, 2);
    for (const id of [older, younger]) {
      await equip(organization, id);
      await move(admin, id, "contacted");
      await assign(admin, id, first.userId);
    }
    // The e-mails of the assignments are there already.
    const lead = named === "older"
      ? await merge(admin, older, younger)
      : await merge(admin, younger, older);
    assert.equal(lead.id, older);
    assert.deepEqual(await countOf(older), { ...all(2), emails: 4 });
    assert.deepEqual(await countOf(younger), all(0));
    assert.equal((await movesOf(older)).length, 2);
    assert.equal((await assignmentsOf(older)).length, 2);
    const gone = await leadRow(younger);
    assert.deepEqual([gone["merged_into"], gone["deleted_by"]], [older, admin.userId]);
    assert(gone["deleted_at"] instanceof Date);
    const origins = await withDatabase(async (sql) =>
      [
        ...await sql`select merged_from from public.lead_history where lead_id = ${older} order by id`,
      ].map((row) => row["merged_from"])
    );
    assert.deepEqual(origins, [null, younger]);
  });
}

Deno.test("What the older lead lacks comes from the other one; what both have stays the older one's", async () => {
  const { organization, admin, first, team } = await salesOffice();
  const older = await storeLead(organization, { first_name: "Ama", email: "ama@example.com" });
  const younger = await storeLead(organization, {
    first_name: "Amma",
    last_name: "Mensah",
    email: "amma@example.com",
    phone: "+233244123456",
    value: 120,
    time_zone: "Africa/Accra",
    country: "GH",
    region: "Ashanti",
    assigned_to: first.userId,
  });
  await withDatabase(async (sql) => {
    await sql`update public.leads set tags = '{hot,vip}',
      custom_fields = '{"program": "MBA", "gone": null}' where id = ${older}`;
    await sql`update public.leads set tags = '{vip,late}',
      custom_fields = '{"program": "BA", "year": 2, "gone": "no"}' where id = ${younger}`;
  });
  const lead = await merge(admin, older, younger);
  const { id, first_name, last_name, email, phone, value, tags, custom_fields } = lead;
  assert.deepEqual({ id, first_name, last_name, email, phone, value, tags, custom_fields }, {
    id: older,
    first_name: "Ama",
    last_name: "Mensah",
    email: "ama@example.com",
    phone: "+233244123456",
    value: "120.00",
    tags: ["hot", "vip", "late"],
    custom_fields: { program: "MBA", year: 2, gone: "no" },
  });
  assert.deepEqual([lead.assigned_to, lead.team_id], [first.userId, team]);
  const [row] = (await assignmentsOf(older)).slice(-1);
  assert.deepEqual([row?.["to_user"], row?.["method"]], [first.userId, "merge"]);
  const stored = await leadRow(older);
  assert.deepEqual([stored["time_zone"], stored["country"], stored["region"]], [
    "Africa/Accra",
    "GH",
    "Ashanti",
  ]);
});

Deno.test("The holder of the older lead keeps it; a closed duplicate brings nobody open work", async () => {
  const { organization, admin, first, second } = await salesOffice();
  const held = await storeLead(organization, { assigned_to: first.userId });
  const other = await storeLead(organization, { assigned_to: second.userId });
  assert.equal((await merge(admin, held, other)).assigned_to, first.userId);
  await setCapacity(organization, 0);
  const free = await storeLead(organization);
  const closed = await storeLead(organization, { assigned_to: second.userId, status: "won" });
  const lead = await merge(admin, free, closed);
  assert.deepEqual([lead.status, lead.assigned_to], ["new", null]);
});

Deno.test("A merge is written to the audit log, and its evidence cannot be moved otherwise", async () => {
  const { organization, admin } = await salesOffice();
  const [older = "", younger = ""] = await storeLeads(organization, 2);
  await equip(organization, younger);
  await merge(admin, older, younger);
  const resources = await withDatabase(async (sql) =>
    [
      ...await sql`select resource, resource_id, actor_id from public.audit_logs
      where organization_id = ${organization.id} and action = 'update'
        and resource in ('leads', 'interactions', 'tasks', 'students')
        and actor_id = ${admin.userId} order by resource`,
    ].map((row) => row["resource"])
  );
  for (const resource of ["interactions", "leads", "students", "tasks"]) {
    assert(resources.includes(resource), `${resource} is not among ${resources}`);
  }
  await assert.rejects(
    withDatabase((sql) =>
      sql`update public.interactions set lead_id = ${younger} where lead_id = ${older}`
    ),
    /cannot be changed/,
  );
});

Deno.test("Merging a second time says where the lead went; a third one follows it", async () => {
  const { organization, admin } = await salesOffice();
  const [a = "", b = "", c = ""] = await storeLeads(organization, 3);
  await move(admin, c, "contacted");
  await merge(admin, b, c);
  for (const [lead, duplicate_id] of [[b, c], [c, b]]) {
    const again = await call(admin, "POST", `/leads/${lead}/merge`, { duplicate_id });
    expectProblem(again, 409, "already_merged");
    assert.equal((again.body as { merged_into: string }).merged_into, b);
  }
  const third = await call(admin, "POST", `/leads/${a}/merge`, { duplicate_id: c });
  expectProblem(third, 404, "not_found");
  await merge(admin, b, a);
  assert.equal((await leadRow(c))["merged_into"], a, "the first merge leads on");
  const origins = await withDatabase(async (sql) =>
    [
      ...await sql`select merged_from from public.lead_history where lead_id = ${a}`,
    ].map((row) => row["merged_from"])
  );
  assert.deepEqual(origins, [c]);
});

Deno.test("A lead cannot be merged with itself, with nothing, or with what is not the caller's", async () => {
  const { organization, admin, manager, first, stranger } = await salesOffice();
  const [older = "", younger = ""] = await storeLeads(organization, 2, {
    assigned_to: first.userId,
  });
  const far = await storeLead(organization, { assigned_to: stranger.userId });
  const path = `/leads/${older}/merge`;
  const self = await call(admin, "POST", path, { duplicate_id: older });
  assert.deepEqual(expectProblem(self, 422, "invalid_field").errors?.map((e) => e.path), [
    "duplicate_id",
  ]);
  for (const body of [{}, { duplicate_id: "x" }, { duplicate_id: null }]) {
    expectProblem(await call(admin, "POST", path, body), 422, "invalid_field");
  }
  const outsider = await newOrganization();
  const foreign = await storeLead(outsider);
  for (const duplicate_id of [missing, foreign]) {
    expectProblem(await call(admin, "POST", path, { duplicate_id }), 404, "not_found");
    const other = `/leads/${duplicate_id}/merge`;
    expectProblem(await call(admin, "POST", other, { duplicate_id: older }), 404, "not_found");
  }
  expectProblem(await call(manager, "POST", path, { duplicate_id: far }), 404, "not_found");
  const body = { duplicate_id: younger };
  expectProblem(await call(first, "POST", path, body), 403, "permission_denied");
  const viewer = await addMember(organization, "viewer");
  expectProblem(await call(viewer, "POST", path, body), 403, "permission_denied");
  assert.equal((await leadRow(younger))["deleted_at"], null);
  await merge(manager, older, younger);
});

Deno.test("A merge with one Idempotency-Key answers a repeat alike; merges at the same moment happen once", async () => {
  const { organization, admin } = await salesOffice();
  const [a = "", b = "", c = "", d = ""] = await storeLeads(organization, 4);
  const key = { "idempotency-key": crypto.randomUUID() };
  const body = { duplicate_id: b };
  const once = expectStatus(await call(admin, "POST", `/leads/${a}/merge`, body, key), 200);
  assert.deepEqual(
    expectStatus(await call(admin, "POST", `/leads/${a}/merge`, body, key), 200),
    once,
  );
  await equip(organization, d);
  const answers = await Promise.all([
    ...Array.from(
      { length: 4 },
      () => call(admin, "POST", `/leads/${c}/merge`, { duplicate_id: d }),
    ),
    ...Array.from(
      { length: 4 },
      () => call(admin, "POST", `/leads/${d}/merge`, { duplicate_id: c }),
    ),
  ]);
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const answer of answers.filter(({ status }) => status !== 200)) {
    expectProblem(answer, 409, "already_merged");
  }
  assert.deepEqual(await countOf(c), all(1));
});
