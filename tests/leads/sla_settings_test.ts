import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { storeLead } from "../support/lead_rows.ts";
import { addMember, newOrganization } from "../support/people.ts";
import { clockOf } from "../support/sla.ts";
import { until } from "../support/wait.ts";

interface Settings {
  sla_minutes: number;
  reminder_minutes: number;
  clock_starts: string;
  on_reassignment: string;
  capacity: number | null;
  updated_at: string;
}

const initial = {
  sla_minutes: 120,
  reminder_minutes: 30,
  clock_starts: "assignment",
  on_reassignment: "restart",
  capacity: null,
};

Deno.test("PATCH /leads/settings changes what it names and leaves the rest", async () => {
  const { admin } = await newOrganization();
  const read = async () => {
    const { updated_at, ...settings } = expectStatus<Settings>(
      await call(admin, "GET", "/leads/settings"),
      200,
    );
    assert(updated_at.endsWith("Z"));
    return settings;
  };
  const change = async (fields: Record<string, unknown>) =>
    expectStatus<Settings>(await call(admin, "PATCH", "/leads/settings", fields), 200);
  assert.deepEqual(await read(), initial);
  assert.equal((await change({ sla_minutes: 0, capacity: 7 })).capacity, 7);
  assert.deepEqual(await read(), { ...initial, sla_minutes: 0, capacity: 7 });
  await change({ clock_starts: "creation", on_reassignment: "keep", reminder_minutes: 5 });
  await change({ capacity: null });
  assert.deepEqual(await read(), {
    sla_minutes: 0,
    reminder_minutes: 5,
    clock_starts: "creation",
    on_reassignment: "keep",
    capacity: null,
  });
});

Deno.test("PATCH /leads/settings refuses what is no setting, and keeps those there are", async () => {
  const { admin } = await newOrganization();
  const wrong = [
    {},
    { sla_minutes: -1 },
    { sla_minutes: 525_601 },
    { sla_minutes: 1.5 },
    { sla_minutes: "60" },
    { sla_minutes: null },
    { reminder_minutes: 10_081 },
    { clock_starts: "never" },
    { on_reassignment: "" },
    { capacity: -1 },
    { capacity: 2_147_483_648 },
    { organization_id: crypto.randomUUID() },
  ];
  for (const body of wrong) {
    expectProblem(await call(admin, "PATCH", "/leads/settings", body), 422, "invalid_field");
  }
  const { updated_at: _, ...settings } = expectStatus<Settings>(
    await call(admin, "GET", "/leads/settings"),
    200,
  );
  assert.deepEqual(settings, initial);
});

Deno.test("PATCH /leads/settings is for those who configure, and stays within the organization", async () => {
  const [ours, theirs] = [await newOrganization(), await newOrganization()];
  const manager = await addMember(ours, "manager");
  expectStatus(await call(manager, "GET", "/leads/settings"), 200);
  expectProblem(await call(manager, "PATCH", "/leads/settings", { sla_minutes: 1 }), 403);
  expectProblem(await call(await addMember(ours, "operator"), "GET", "/leads/settings"), 403);
  expectStatus(await call(theirs.admin, "PATCH", "/leads/settings", { sla_minutes: 1 }), 200);
  const settings = expectStatus<Settings>(await call(ours.admin, "GET", "/leads/settings"), 200);
  assert.equal(settings.sla_minutes, 120);
});

Deno.test("Settings and calendar move the deadlines of running clocks, and of no others", async () => {
  const organization = await newOrganization();
  const { id, admin } = organization;
  const counselor = await addMember(organization, "counselor");
  await withDatabase(async (sql) => {
    const add = () => storeLead({ id }, { assigned_to: counselor.userId });
    const [running, answered, closed] = [await add(), await add(), await add()];
    await sql`update public.leads set sla_responded_at = now() where id = ${answered}`;
    await sql`update public.leads set status = 'lost' where id = ${closed}`;
    const before = [await clockOf(sql, answered), await clockOf(sql, closed)];
    const spans = async () => {
      const clock = await clockOf(sql, running);
      const from = clock.sla_started_at?.getTime() ?? 0;
      return [clock.sla_deadline, clock.sla_next_at].map((at) =>
        ((at?.getTime() ?? 0) - from) / 60_000
      );
    };
    assert.deepEqual(await spans(), [120, 90]);
    await call(admin, "PATCH", "/leads/settings", { sla_minutes: 60 });
    assert.deepEqual(await spans(), [60, 30]);
    await call(admin, "PATCH", "/leads/settings", { reminder_minutes: 10 });
    assert.deepEqual(await spans(), [60, 50]);

    const { sla_started_at } = await clockOf(sql, running);
    // Open from the second minute after the start: a deadline that wall-clock time cannot have.
    const opens = new Date(Math.ceil((sla_started_at?.getTime() ?? 0) / 60_000) * 60_000 + 60_000);
    const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    const today = opens.getUTCDay();
    // The day before is closed: shortly before midnight the clock started on it.
    const week = days.map((name, day) => [
      name,
      day === today
        ? [[opens.toISOString().slice(11, 16), "24:00"]]
        : day === (today + 6) % 7
        ? []
        : [["00:00", "24:00"]],
    ]);
    const calendar = { time_zone: "UTC", week: Object.fromEntries(week) };
    expectStatus(await call(admin, "PUT", "/leads/calendar", calendar), 200);
    assert.equal(
      (await clockOf(sql, running)).sla_deadline?.getTime(),
      opens.getTime() + 60 * 60_000,
    );
    expectStatus(await call(admin, "PUT", "/leads/calendar", {}), 200);
    assert.deepEqual(await spans(), [60, 50]);
    assert.deepEqual([await clockOf(sql, answered), await clockOf(sql, closed)], before);
  });
});

Deno.test("A clock that started while the calendar changed is put right by the next round", async () => {
  const organization = await newOrganization();
  const counselor = await addMember(organization, "counselor");
  await withDatabase(async (sql) => {
    const lead = await sql.begin(async (transaction) => {
      const columns = { assigned_to: counselor.userId };
      const inserted = await storeLead(organization, columns, transaction);
      await call(organization.admin, "PATCH", "/leads/settings", { sla_minutes: 600 });
      return inserted;
    });
    const minutes = async () => {
      const { sla_deadline, sla_started_at } = await clockOf(sql, lead);
      return ((sla_deadline?.getTime() ?? 0) - (sla_started_at?.getTime() ?? 0)) / 60_000;
    };
    assert.equal(await minutes(), 120);
    await sql`update private.sla_recomputations set due_at = now() where organization_id = ${organization.id}`;
    await until(async () => {
      await sql`select private.recompute_sla_clocks()`;
      return await minutes() !== 120;
    }, { what: "the round" });
    assert.equal(await minutes(), 600);
  });
});
