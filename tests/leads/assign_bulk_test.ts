import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  assignmentsOf,
  holdersOf,
  setCapacity,
  storeLead,
  storeLeads,
} from "../support/lead_rows.ts";
import { bulkAssign } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";
import { addMember, newOrganization } from "../support/people.ts";

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";

Deno.test("POST /leads/bulk-assign gives leads to one person and says of each other one why not", async () => {
  const { organization, admin, manager, counselor: first, colleague: second, stranger } =
    await newOffice();
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

Deno.test("Over capacity, the first leads that were named are given", async () => {
  const { organization, admin, counselor: first } = await newOffice();
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

Deno.test("Many leads make one notification, a few make one each", async () => {
  const { organization, admin, counselor: first, colleague: second } = await newOffice();
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
  const { organization, admin, manager, counselor: first, stranger } = await newOffice();
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
  const { organization, admin, counselor: first, colleague: second } = await newOffice();
  const lead_ids = await storeLeads(organization, 3);
  const body = { lead_ids, strategy: "round_robin", among: [first.userId, second.userId] };
  const key = { "idempotency-key": crypto.randomUUID() };
  const once = expectStatus(await call(admin, "POST", "/leads/bulk-assign", body, key), 200);
  const again = expectStatus(await call(admin, "POST", "/leads/bulk-assign", body, key), 200);
  assert.deepEqual(again, once);
  for (const id of lead_ids) assert.equal((await assignmentsOf(id)).length, 1);
});
