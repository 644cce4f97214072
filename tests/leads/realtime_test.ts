import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { storeLead, storeLeads } from "../support/lead_rows.ts";
import { notify } from "../support/mail.ts";
import { addMember, newOrganization, newTeam } from "../support/people.ts";
import { heard, heardOfLeads, joins, listening } from "../support/realtime.ts";
import { until } from "../support/wait.ts";

async function changeLeads(ids: string[], change: Record<string, unknown>): Promise<void> {
  await withDatabase((sql) =>
    sql`update public.leads set ${sql(change)} where id = any (${ids}::uuid[])`
  );
}

Deno.test("A person hears of its notifications on its own channel, and nobody else may listen there", async () => {
  const organization = await newOrganization();
  const person = await addMember(organization, "counselor");
  const topic = `user:${person.userId}`;
  assert.equal(await joins(organization.admin, topic), false, "not even an admin");
  assert.equal(await joins((await newOrganization()).admin, topic), false);
  await listening(person, topic, async (channel) => {
    assert(channel.joined);
    await notify([person, organization.admin], {
      kind: "assignment",
      title: "Yours now",
      data: { lead_name: "Ama" },
    });
    await until(() => channel.heard.length > 0, { what: "the notification" });
    const [{ event, payload } = { event: "", payload: {} }] = channel.heard;
    assert.equal(event, "notification");
    assert.equal(channel.heard.length, 1);
    const { id, created_at, ...rest } = payload;
    assert(id && created_at);
    assert.deepEqual(rest, {
      organization_id: organization.id,
      kind: "assignment",
      title: "Yours now",
      body: "",
      data: { lead_name: "Ama" },
    });
  });
});

Deno.test("Who sees all leads may listen to all leads, and no one else", async () => {
  const organization = await newOrganization();
  const topic = `organization:${organization.id}:leads`;
  const roles = ["viewer", "campaign_manager", "manager", "counselor", "operator"];
  const people = await Promise.all(roles.map((role) => addMember(organization, role)));
  const allowed = await Promise.all(
    [organization.admin, ...people].map((person) => joins(person, topic)),
  );
  assert.deepEqual(allowed, [true, true, true, false, false, false]);
  assert.equal(
    await joins((await newOrganization()).admin, topic),
    false,
    "another organization's admin",
  );
  for (
    const nonsense of [
      "organization::leads",
      `organization:${organization.id}`,
      "leads",
      `${topic}:x`,
    ]
  ) {
    assert.equal(await joins(organization.admin, nonsense), false, nonsense);
  }
});

Deno.test("Lead changes are heard by all who may, with what has changed and nothing more", async () => {
  const organization = await newOrganization();
  const [viewer, counselor] = await Promise.all(
    ["viewer", "counselor"].map((role) => addMember(organization, role)),
  );
  assert(viewer && counselor);
  const base = { organization_id: organization.id, sla_status: null };
  await listening(viewer, `organization:${organization.id}:leads`, async (all) => {
    await listening(counselor, `user:${counselor.userId}`, async (own) => {
      assert(all.joined && own.joined);
      const lead = await storeLead(organization);
      assert.deepEqual(await heard(all, 1), [
        { ...base, lead_id: lead, version: 1, change: "created", status: "new", assigned_to: null },
      ]);
      await changeLeads([lead], { assigned_to: counselor.userId });
      const assigned = {
        ...base,
        lead_id: lead,
        version: 2,
        change: "updated",
        status: "new",
        assigned_to: counselor.userId,
        sla_status: "running",
      };
      assert.deepEqual((await heard(all, 2))[1], assigned);
      assert.deepEqual(await heard(own, 1), [assigned]);
      // The clock's ticking alone is no news; its status is.
      await changeLeads([lead], { sla_next_at: new Date(Date.now() + 86_400_000) });
      await changeLeads([lead], { sla_status: "due_soon" });
      assert.equal((await heard(own, 2))[1]?.["sla_status"], "due_soon");
      await changeLeads([lead], { assigned_to: null });
      const gone = { organization_id: organization.id, lead_id: lead, change: "removed" };
      assert.deepEqual((await heard(own, 3))[2], gone, "who lost it only hears that");
      await changeLeads([lead], { deleted_at: new Date() });
      assert.equal((await heard(all, 5))[4]?.["change"], "deleted");
      assert.equal(heardOfLeads(own).length, 3);
    });
  });
});

Deno.test("A manager hears of the team's leads, and not of another team's", async () => {
  const organization = await newOrganization();
  const people = await Promise.all(
    ["manager", "counselor", "manager", "counselor"].map((role) => addMember(organization, role)),
  );
  const [manager, counselor, otherManager, otherCounselor] = people;
  assert(manager && counselor && otherManager && otherCounselor);
  const team = await newTeam(organization, [manager, counselor]);
  const other = await newTeam(organization, [otherManager, otherCounselor]);
  assert.equal(await joins(otherManager, `team:${team}:leads`), false, "another team's manager");
  assert.equal(await joins(counselor, `team:${team}:leads`), false, "who sees only its own leads");
  await listening(manager, `team:${team}:leads`, async (channel) => {
    assert(channel.joined);
    const mine = await storeLead(organization, { assigned_to: counselor.userId });
    const theirs = await storeLead(organization, { assigned_to: otherCounselor.userId });
    await changeLeads([theirs], { status: "contacted" });
    await changeLeads([mine], { assigned_to: otherCounselor.userId });
    const news = await heard(channel, 2);
    assert.deepEqual(news.map(({ lead_id, change }) => [lead_id, change]), [[mine, "created"], [
      mine,
      "removed",
    ]]);
  });
  assert(await joins(otherManager, `team:${other}:leads`));
});

Deno.test("A statement with more than a hundred leads is broadcast as a number", async () => {
  const organization = await newOrganization();
  const counselor = await addMember(organization, "counselor");
  await listening(organization.admin, `organization:${organization.id}:leads`, async (all) => {
    await listening(counselor, `user:${counselor.userId}`, async (own) => {
      const many = { organization_id: organization.id, change: "many" };
      const leads = await storeLeads(organization, 250);
      assert.deepEqual(await heard(all, 1), [{ ...many, count: 250 }]);
      await changeLeads(leads.slice(0, 150), { assigned_to: counselor.userId });
      assert.deepEqual((await heard(all, 2))[1], { ...many, count: 150 });
      assert.deepEqual(await heard(own, 1), [{ ...many, count: 150 }]);
    });
  });
});
