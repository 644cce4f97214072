import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { storeLead } from "../support/lead_rows.ts";
import { addMember, newOrganization, newTeam } from "../support/people.ts";
import { clockOf, eventsOf, letPass, runClocksUntil, toldOf } from "../support/sla.ts";
import { until } from "../support/wait.ts";

/** An organization with a team of a manager and a counselor, and an SDR who creates its leads. */
async function team() {
  const organization = await newOrganization();
  const [manager, counselor, creator] = [
    await addMember(organization, "manager"),
    await addMember(organization, "counselor"),
    await addMember(organization, "counselor"),
  ];
  await newTeam(organization, [manager, counselor]);
  return { ...organization, manager, counselor, creator };
}

const sorted = (people: string[]) => people.toSorted();

Deno.test("A lead's day: assigned, reminded once, breached once, answered late", async () => {
  await withDatabase(async (sql) => {
    const { id, manager, counselor, creator } = await team();
    const lead = await storeLead({ id }, { created_by: creator.userId });
    assert.equal((await clockOf(sql, lead)).sla_status, null);
    await sql`update public.leads set assigned_to = ${counselor.userId} where id = ${lead}`;
    assert.equal((await clockOf(sql, lead)).sla_status, "running");

    await letPass(sql, [lead], 91);
    await runClocksUntil(sql, lead, "due_soon");
    await sql`select private.run_sla()`;
    const reminded = await toldOf(sql, lead);
    assert.deepEqual(reminded.inApp.map(({ kind, user_id }) => [kind, user_id]), [
      ["sla_reminder", counselor.userId],
    ]);
    assert.deepEqual(reminded.mailed, [{ kind: "sla_reminder", user_id: counselor.userId }]);
    assert.match(reminded.inApp[0]?.body ?? "", /^Ama Mensah must be answered by \w+, \d+ \w+/);

    await letPass(sql, [lead], 30);
    await runClocksUntil(sql, lead, "breached");
    await sql`select private.run_sla()`;
    const { inApp, mailed } = await toldOf(sql, lead);
    const breach = <T extends { kind: string; user_id: string }>(rows: T[]) =>
      sorted(rows.filter(({ kind }) => kind === "sla_breach").map(({ user_id }) => user_id));
    const concerned = sorted([manager.userId, counselor.userId, creator.userId]);
    assert.deepEqual(breach(inApp), concerned);
    assert.deepEqual(breach(mailed), concerned);

    await sql`update public.leads set sla_responded_at = now() where id = ${lead}`;
    const clock = await clockOf(sql, lead);
    assert.equal(clock.sla_status, "breached");
    assert(clock.sla_breached_at);
    assert.deepEqual(
      (await eventsOf(sql, lead)).map(({ event, met }) => [event, met]),
      [["reminder", null], ["breach", null], ["response", false]],
    );
  });
});

Deno.test("A person who has several parts in a lead is notified of its breach once", async () => {
  await withDatabase(async (sql) => {
    const { id, manager } = await team();
    const both = { assigned_to: manager.userId, created_by: manager.userId };
    const lead = await storeLead({ id }, both);
    await letPass(sql, [lead], 121);
    await runClocksUntil(sql, lead, "breached");
    const { inApp, mailed } = await toldOf(sql, lead);
    assert.deepEqual([inApp.length, mailed.length], [1, 1]);
  });
});

Deno.test("Runs at the same time do nothing twice and leave nothing out", async () => {
  await withDatabase(async (sql) => {
    const { id, counselor } = await team();
    await sql`
      insert into public.leads (organization_id, first_name, assigned_to)
      select ${id}, 'Lead ' || i, ${counselor.userId} from generate_series(1, 300) i`;
    const leads = (await sql`select id from public.leads where organization_id = ${id}`)
      .map((row) => String(row.id));
    await letPass(sql, leads, 121);
    await Promise.all(
      Array.from({ length: 4 }, () => withDatabase((own) => own`select private.run_sla()`)),
    );
    await until(async () => {
      await sql`select private.run_sla()`;
      const [left] = await sql`
        select count(*)::int from public.leads where organization_id = ${id} and sla_status <> 'breached'`;
      return left?.count === 0;
    }, { what: "all clocks to be breached" });
    const [found] = await sql`
      select count(*)::int, count(distinct lead_id)::int as leads from public.sla_events
      where organization_id = ${id} and event = 'breach'`;
    assert.deepEqual([found?.count, found?.leads], [300, 300]);
    const [told] = await sql`
      select count(*)::int from public.notifications where organization_id = ${id} and user_id = ${counselor.userId}`;
    assert.equal(told?.count, 300);
  });
});

Deno.test("A run passes over what another holds, and does all again that a killed one had begun", async () => {
  await withDatabase(async (sql) => {
    const { id, counselor } = await team();
    const lead = await storeLead({ id }, { assigned_to: counselor.userId });
    await letPass(sql, [lead], 121);
    await assert.rejects(sql.begin(async (killed) => {
      await killed`select private.run_sla()`;
      await withDatabase((other) => other`select private.run_sla()`);
      assert.equal(
        (await clockOf(sql, lead)).sla_status,
        "running",
        "nothing is seen before commit",
      );
      throw new Error("killed");
    }));
    assert.deepEqual((await toldOf(sql, lead)).inApp, []);
    await runClocksUntil(sql, lead, "breached");
    assert.deepEqual((await eventsOf(sql, lead)).map(({ event }) => event), ["breach"]);
  });
});

Deno.test("A response and a run at the same moment come to one outcome", async () => {
  await withDatabase(async (sql) => {
    const { id, counselor } = await team();
    for (let round = 0; round < 10; round++) {
      const lead = await storeLead({ id }, { assigned_to: counselor.userId });
      await letPass(sql, [lead], 121);
      await Promise.all([
        withDatabase((own) => own`select private.run_sla()`),
        sql`update public.leads set sla_responded_at = now() - interval '5 minutes'
          where id = ${lead} and sla_responded_at is null and sla_status is not null`,
      ]);
      const events = (await eventsOf(sql, lead)).map(({ event, met }) => `${event} ${met}`);
      const { sla_status } = await clockOf(sql, lead);
      assert.deepEqual(
        events,
        sla_status === "met" ? ["response true"] : ["breach null", "response false"],
      );
    }
  });
});
