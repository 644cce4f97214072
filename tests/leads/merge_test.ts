import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import {
  assignmentsOf,
  leadRow,
  movesOf,
  setCapacity,
  storeLead,
  storeLeads,
} from "../support/lead_rows.ts";
import { assign, merge, move } from "../support/leads.ts";
import { all, countOf, equip } from "../support/merging.ts";
import { newOffice } from "../support/office.ts";

for (const named of ["older", "younger"]) {
  Deno.test(`POST /leads/{id}/merge keeps the older lead with everything of both, though the ${named} one is in the path`, async () => {
    const { organization, admin, counselor: first } = await newOffice();
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
  const { organization, admin, counselor: first, team } = await newOffice();
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
  const { organization, admin, counselor: first, colleague: second } = await newOffice();
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
  const { organization, admin } = await newOffice();
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
