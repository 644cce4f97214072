import assert from "node:assert/strict";
import { withDatabase } from "./support/db.ts";
import { call, expectProblem, expectStatus } from "./support/http.ts";
import {
  assign,
  assignmentsOf,
  bulkAssign,
  openLeads,
  salesOffice,
  setCapacity,
  storeLead,
  storeLeads,
} from "./support/lead_rows.ts";
import { addMember, newOrganization } from "./support/organization.ts";

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";

async function holdersOf(ids: string[]): Promise<(string | null)[]> {
  return await withDatabase(async (sql) => {
    const rows = await sql<{ id: string; holder: string | null }[]>`
      select id, assigned_to as holder from public.leads where id in ${sql(ids)}`;
    const holders = new Map(rows.map(({ id, holder }) => [id, holder]));
    return ids.map((id) => holders.get(id) ?? null);
  });
}

Deno.test("POST /leads/bulk-assign gives leads to one person and says of each other one why not", async () => {
  const { organization, admin, manager, first, second, stranger } = await salesOffice();
  const ours = await storeLeads(organization, 3, { assigned_to: second.userId });
  const held = await storeLead(organization, { assigned_to: first.userId });
  const closed = await storeLead(organization, { assigned_to: second.userId, status: "won" });
  const theirs = await storeLead(organization, { assigned_to: stranger.userId });
  const foreign = await storeLead(await newOrganization());
  const lead_ids = [theirs, ...ours, ours[0], held, missing, closed, foreign];
  const answer = await bulkAssign(manager, { lead_ids, assigned_to: first.userId });
  assert.deepEqual(answer, {
    assigned: 4,
    skipped: [
      { lead_id: theirs, reason: "not_found" },
      { lead_id: held, reason: "already_assigned" },
      { lead_id: missing, reason: "not_found" },
      { lead_id: foreign, reason: "not_found" },
    ],
    by_user: { [first.userId]: 4 },
  });
  assert.deepEqual((await assignmentsOf(ours[0] ?? "")).map(({ method }) => method), ["bulk"]);
  const taken = await bulkAssign(admin, { lead_ids, assigned_to: null });
  assert.deepEqual([taken.assigned, taken.by_user], [6, {}]);
  assert.deepEqual(await holdersOf([...ours, held, theirs]), [null, null, null, null, null]);
});

Deno.test("Round robin goes on where it stopped, and gives to each as often, give or take one", async () => {
  const { organization, admin, manager, first, second } = await salesOffice();
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
  const { organization, admin, first, second, stranger } = await salesOffice();
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
  const { organization, admin, first, second, stranger } = await salesOffice();
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
  const { organization, admin, first, second } = await salesOffice();
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

Deno.test("Over capacity, the first leads that were named are given", async () => {
  const { organization, admin, first } = await salesOffice();
  await setCapacity(organization, 2);
  const lead_ids = (await storeLeads(organization, 4)).reverse();
  const closed = await storeLead(organization, { status: "lost" });
  const answer = await bulkAssign(admin, {
    lead_ids: [...lead_ids, closed],
    assigned_to: first.userId,
  });
  assert.deepEqual(answer, {
    assigned: 3,
    skipped: lead_ids.slice(2).map((lead_id) => ({ lead_id, reason: "over_capacity" })),
    by_user: { [first.userId]: 3 },
  });
});

Deno.test("Bulk assignments at the same moment stay fair, lose no lead and exceed no capacity", async () => {
  const { organization, admin, manager, first, second } = await salesOffice();
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

Deno.test("A heap of leads is told in one notice, a few each by itself", async () => {
  const { organization, admin, first, second } = await salesOffice();
  await bulkAssign(admin, {
    lead_ids: await storeLeads(organization, 30),
    assigned_to: first.userId,
  });
  await bulkAssign(admin, {
    lead_ids: await storeLeads(organization, 3),
    assigned_to: second.userId,
  });
  const notices = async (person: string) =>
    await withDatabase(async (sql) =>
      [
        ...await sql`select title, data ->> 'leads' as leads from public.notifications
        where user_id = ${person} and kind = 'assignment'`,
      ].map((row) => ({ ...row }))
    );
  assert.deepEqual(await notices(first.userId), [{
    title: "30 leads were assigned to you",
    leads: "30",
  }]);
  assert.equal((await notices(second.userId)).length, 3);
});

Deno.test("Bad requests for bulk assignment are refused whole", async () => {
  const { organization, admin, manager, first, stranger } = await salesOffice();
  const [id = ""] = await storeLeads(organization, 1);
  const viewer = await addMember(organization, "viewer");
  const lead_ids = [id];
  const strategy = "round_robin";
  const to = { assigned_to: first.userId };
  const cases: [unknown, string][] = [
    [{}, "lead_ids"],
    [{ lead_ids: [], ...to }, "lead_ids"],
    [{ lead_ids: ["x"], ...to }, "lead_ids.0"],
    [{ lead_ids: Array(10_001).fill(id), ...to }, "lead_ids"],
    [{ lead_ids }, "assigned_to"],
    [{ lead_ids, ...to, strategy, among: [first.userId] }, "assigned_to"],
    [{ lead_ids, strategy }, "among"],
    [{ lead_ids, strategy, among: [] }, "among"],
    [{ lead_ids, ...to, among: [first.userId] }, "among"],
    [{ lead_ids, strategy: "whim", among: [first.userId] }, "strategy"],
    [{ lead_ids, strategy, among: [first.userId, viewer.userId] }, "among.1"],
    [{ lead_ids, assigned_to: missing }, "assigned_to"],
    [{ lead_ids, ...to, deadline: "2020-01-01T00:00:00Z" }, "deadline"],
  ];
  for (const [body, path] of cases) {
    const answer = await call(admin, "POST", "/leads/bulk-assign", body);
    const problem = expectProblem(answer, 422, "invalid_field");
    const paths = problem.errors?.map((error) => error.path) ?? [];
    assert(paths.includes(path), `${JSON.stringify(problem)} does not name ${path}`);
  }
  const beyond = { lead_ids, strategy, among: [first.userId, stranger.userId] };
  expectProblem(
    await call(manager, "POST", "/leads/bulk-assign", beyond),
    403,
    "permission_denied",
  );
  expectProblem(await call(first, "POST", "/leads/bulk-assign", { lead_ids, ...to }), 403);
  assert.deepEqual(await holdersOf(lead_ids), [null]);
});

Deno.test("The same bulk assignment with one Idempotency-Key happens once", async () => {
  const { organization, admin, first, second } = await salesOffice();
  const lead_ids = await storeLeads(organization, 3);
  const body = { lead_ids, strategy: "round_robin", among: [first.userId, second.userId] };
  const key = { "idempotency-key": crypto.randomUUID() };
  const once = expectStatus(await call(admin, "POST", "/leads/bulk-assign", body, key), 200);
  const again = expectStatus(await call(admin, "POST", "/leads/bulk-assign", body, key), 200);
  assert.deepEqual(again, once);
  for (const id of lead_ids) assert.equal((await assignmentsOf(id)).length, 1);
});

Deno.test("Ten thousand leads are shared out in one request", async () => {
  const { organization, admin, first, second, stranger } = await salesOffice();
  const lead_ids = await withDatabase(async (sql) => {
    const rows = await sql<{ id: string }[]>`
      insert into public.leads (organization_id, first_name)
      select ${organization.id}, 'Lead ' || n from generate_series(1, 10000) n returning id`;
    return rows.map(({ id }) => id);
  });
  const among = [first.userId, second.userId, stranger.userId];
  const answer = await bulkAssign(admin, { lead_ids, strategy: "least_loaded", among });
  assert.equal(answer.assigned, 10_000);
  assert.deepEqual(Object.values(answer.by_user).sort(), [3333, 3333, 3334]);
});
