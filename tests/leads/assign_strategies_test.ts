import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { holdersOf, openLeads, setCapacity, storeLead, storeLeads } from "../support/lead_rows.ts";
import { assign, bulkAssign } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";

Deno.test("Round robin goes on where it stopped, and gives to each as often, give or take one", async () => {
  const { organization, admin, manager, counselor: first, colleague: second } = await newOffice();
  const among = [manager.userId, first.userId, second.userId];
  const totals = new Map<string, number>();
  for (const count of [1, 4, 2, 7, 3, 1, 1]) {
    const lead_ids = await storeLeads(organization, count);
    const body = { lead_ids, strategy: "round_robin", among };
    const { assigned, by_user } = await bulkAssign(admin, body);
    assert.equal(assigned, count);
    for (const [person, leads] of Object.entries(by_user)) {
      totals.set(person, (totals.get(person) ?? 0) + leads);
    }
    const counts = among.map((person) => totals.get(person) ?? 0);
    assert(Math.max(...counts) - Math.min(...counts) <= 1, `${counts}`);
  }
});

Deno.test("Strategies pass over people who are off duty or full; leads beyond all room stay", async () => {
  const { organization, admin, counselor: first, colleague: second, stranger } = await newOffice();
  const among = [first.userId, second.userId, stranger.userId];
  await setCapacity(organization, 3);
  const off = { on_duty: false };
  expectStatus(await call(admin, "PATCH", `/leads/holders/${second.userId}`, off), 200);
  const roomy = { capacity: 4 };
  expectStatus(await call(admin, "PATCH", `/leads/holders/${first.userId}`, roomy), 200);
  for (const strategy of ["round_robin", "least_loaded"]) {
    const lead_ids = await storeLeads(organization, 10);
    const answer = await bulkAssign(admin, { lead_ids, strategy, among });
    assert.equal(answer.assigned, 7);
    assert.deepEqual(answer.by_user, { [first.userId]: 4, [stranger.userId]: 3 });
    assert.deepEqual(
      answer.skipped,
      lead_ids.slice(7).map((lead_id) => ({ lead_id, reason: "nobody_available" })),
    );
    await bulkAssign(admin, { lead_ids, assigned_to: null });
  }
  for (const person of among) {
    expectStatus(await call(admin, "PATCH", `/leads/holders/${person}`, off), 200);
  }
  const lead_ids = await storeLeads(organization, 2);
  const nobody = await bulkAssign(admin, { lead_ids, strategy: "round_robin", among });
  assert.deepEqual([nobody.assigned, nobody.skipped.length], [0, 2]);
  await assign(admin, lead_ids[0] ?? "", second.userId);
});

Deno.test("The least loaded get the next leads until all hold the same", async () => {
  const { organization, admin, counselor: first, colleague: second, stranger } = await newOffice();
  const among = [first.userId, second.userId, stranger.userId];
  await storeLeads(organization, 5, { assigned_to: first.userId });
  await storeLeads(organization, 2, { assigned_to: second.userId });
  await storeLeads(organization, 9, { assigned_to: second.userId, status: "won" });
  const strategy = "least_loaded";
  const few = await bulkAssign(admin, {
    lead_ids: await storeLeads(organization, 4),
    strategy,
    among,
  });
  assert.deepEqual(few.by_user, { [second.userId]: 1, [stranger.userId]: 3 });
  const many = await bulkAssign(admin, {
    lead_ids: await storeLeads(organization, 10),
    strategy,
    among,
  });
  assert.deepEqual(many.by_user, {
    [first.userId]: 2,
    [second.userId]: 4,
    [stranger.userId]: 4,
  });
});

Deno.test("Leads that are shared out again count for nobody before, and closed ones are no work", async () => {
  const { organization, admin, counselor: first, colleague: second } = await newOffice();
  await setCapacity(organization, 4);
  const lead_ids = await storeLeads(organization, 4, { assigned_to: first.userId });
  const among = [first.userId, second.userId];
  for (const strategy of ["least_loaded", "round_robin"]) {
    const answer = await bulkAssign(admin, { lead_ids, strategy, among });
    assert.equal(answer.skipped.every(({ reason }) => reason === "already_assigned"), true);
    assert.equal(answer.assigned + answer.skipped.length, 4);
    const holders = await holdersOf(lead_ids);
    assert.equal(holders.filter((holder) => holder === first.userId).length, 2);
  }
  // Too little room for all: nobody may count on leads that then stay.
  const more = await storeLeads(organization, 6);
  const all = [...more, ...lead_ids];
  const tight = await bulkAssign(admin, { lead_ids: all, strategy: "round_robin", among });
  assert(tight.skipped.some(({ reason }) => reason === "nobody_available"));
  await withDatabase(async (sql) => {
    for (const open of (await openLeads(sql, organization.id)).values()) assert(open <= 4);
  });
  const closed = await storeLead(organization, { status: "won" });
  const body = { lead_ids: [closed], strategy: "round_robin", among };
  assert.deepEqual((await bulkAssign(admin, body)).skipped, [{
    lead_id: closed,
    reason: "closed",
  }]);
});

Deno.test("Bulk assignments at the same moment stay fair, lose no lead and exceed no capacity", async () => {
  const { organization, admin, manager, counselor: first, colleague: second } = await newOffice();
  const among = [first.userId, second.userId, manager.userId];
  const batches = await Promise.all(
    Array.from({ length: 8 }, () => storeLeads(organization, 5)),
  );
  const answers = await Promise.all(
    batches.map((lead_ids) => bulkAssign(admin, { lead_ids, strategy: "round_robin", among })),
  );
  assert.equal(answers.reduce((sum, { assigned }) => sum + assigned, 0), 40);
  await withDatabase(async (sql) => {
    const open = await openLeads(sql, organization.id);
    assert.deepEqual([...open.values()].sort(), [13, 13, 14]);
  });
  await setCapacity(organization, 20);
  const more = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const lead_ids = await storeLeads(organization, 6);
      return await bulkAssign(admin, { lead_ids, strategy: "least_loaded", among });
    }),
  );
  assert.equal(more.reduce((sum, { assigned }) => sum + assigned, 0), 20);
  await withDatabase(async (sql) => {
    const open = await openLeads(sql, organization.id);
    assert.deepEqual([...open.values()], [20, 20, 20]);
  });
});
