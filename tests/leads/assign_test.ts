import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  assignmentsOf,
  leadRow,
  mailed,
  setCapacity,
  storeLead,
  storeLeads,
  told,
} from "../support/lead_rows.ts";
import { assign, type LeadBody, move } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";
import { addMember, newOrganization } from "../support/people.ts";

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";

for (const method of ["PATCH", "POST"]) {
  Deno.test(`${method} /leads/{id}/assign gives the lead to the person, and history and notices follow`, async () => {
    const { organization, manager, counselor: first, colleague: second, team } = await newOffice();
    const id = await storeLead(organization, { assigned_to: second.userId, last_name: "Mensah" });
    const deadline = new Date(Date.now() + 3_600_000).toISOString();
    const body = { assigned_to: first.userId, note: "Call before noon", deadline };
    const answer = await call(manager, method, `/leads/${id}/assign`, body);
    const lead = expectStatus<LeadBody>(answer, 200);
    assert.deepEqual([lead.assigned_to, lead.assigned_to_name, lead.team_id], [
      first.userId,
      "Test counselor",
      team,
    ]);
    const [row] = await assignmentsOf(id);
    assert.deepEqual({ ...row, id: "" }, {
      id: "",
      from_user: second.userId,
      to_user: first.userId,
      method: "manual",
      note: "Call before noon",
      deadline: new Date(deadline),
      assigned_by: manager.userId,
    });
    const [notice] = await told(first.userId);
    assert.deepEqual(
      { ...notice?.data, deadline: Date.parse(String(notice?.data["deadline"])) },
      {
        lead_id: id,
        lead_name: `${lead.first_name} Mensah`,
        deadline: Date.parse(deadline),
        assigned_by_name: "Test manager",
        note: "Call before noon",
        leads: 1,
      },
    );
    const [mail] = await mailed(first.userId);
    assert.equal(mail?.event_key, `assignment:${row?.["id"]}`);
    assert.equal(mail.data.note, "Call before noon");
    assert.deepEqual(await told(second.userId), []);
  });
}

Deno.test("Taking a lead from its holder and giving it where it is already", async () => {
  const { organization, admin, counselor: first, team } = await newOffice();
  const id = await storeLead(organization);
  const given = await assign(admin, id, first.userId);
  const again = await assign(admin, id, first.userId);
  assert.deepEqual(again, given, "nothing changes");
  assert.equal((await assignmentsOf(id)).length, 1);
  assert.equal((await told(first.userId)).length, 1);
  const taken = await assign(admin, id, null);
  assert.deepEqual([taken.assigned_to, taken.team_id], [null, team]);
  assert.deepEqual((await assignmentsOf(id)).map((row) => [row["from_user"], row["to_user"]]), [
    [null, first.userId],
    [first.userId, null],
  ]);
  assert.equal((await told(first.userId)).length, 1, "nobody is told that something was taken");
  const deadline = new Date(Date.now() + 3_600_000).toISOString();
  await assign(admin, id, first.userId);
  const body = { assigned_to: first.userId, deadline };
  expectStatus(await call(admin, "PATCH", `/leads/${id}/assign`, body), 200);
  assert.deepEqual((await assignmentsOf(id)).at(-1)?.["deadline"], new Date(deadline));
});

Deno.test("Only active members who may hold leads are given any", async () => {
  const { organization, admin, counselor: first } = await newOffice();
  const id = await storeLead(organization);
  const viewer = await addMember(organization, "viewer");
  const stranger = (await newOrganization()).admin;
  await withDatabase((sql) =>
    sql`update public.memberships set status = 'suspended' where user_id = ${first.userId}`
  );
  for (const person of [viewer.userId, stranger.userId, first.userId, missing]) {
    const answer = await call(admin, "PATCH", `/leads/${id}/assign`, { assigned_to: person });
    const problem = expectProblem(answer, 422, "invalid_field");
    assert.deepEqual(problem.errors?.map(({ path }) => path), ["assigned_to"]);
  }
  assert.deepEqual(await assignmentsOf(id), []);
});

Deno.test("A manager assigns the leads of their team to that team and themselves; an admin any lead to anybody", async () => {
  const { organization, admin, manager, counselor: first, colleague: second, stranger } =
    await newOffice();
  const [ours, theirs] = [
    await storeLead(organization, { assigned_to: first.userId }),
    await storeLead(organization, { assigned_to: stranger.userId }),
  ];
  await assign(manager, ours, second.userId);
  await assign(manager, ours, manager.userId);
  const path = `/leads/${ours}/assign`;
  const body = { assigned_to: stranger.userId };
  expectProblem(await call(manager, "PATCH", path, body), 403, "permission_denied");
  expectProblem(
    await call(manager, "PATCH", `/leads/${theirs}/assign`, { assigned_to: first.userId }),
    404,
    "not_found",
  );
  expectProblem(await call(first, "PATCH", path, body), 403, "permission_denied");
  await assign(admin, theirs, first.userId);
  await assign(admin, ours, stranger.userId);
  const outsider = (await newOrganization()).admin;
  expectProblem(await call(outsider, "PATCH", path, body), 404, "not_found");
});

Deno.test("Nobody is given more open leads than it may hold, also at the same moment", async () => {
  const { organization, admin, counselor: first } = await newOffice();
  const ids = await storeLeads(organization, 8);
  await setCapacity(organization, 3);
  const answers = await Promise.all(
    ids.map((id) => call(admin, "PATCH", `/leads/${id}/assign`, { assigned_to: first.userId })),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 3);
  const refused = answers.filter(({ status }) => status !== 200);
  for (const answer of refused) {
    expectProblem(answer, 409, "over_capacity");
    const { capacity, open } = answer.body as { capacity: number; open: number };
    assert.deepEqual([capacity, open], [3, 3]);
  }
  const held = ids.find((_, place) => answers[place]?.status === 200) ?? "";
  const free = ids.find((_, place) => answers[place]?.status !== 200) ?? "";
  await move(admin, held, "won");
  await assign(admin, free, first.userId);
  const closed = await storeLead(organization, { status: "lost" });
  await assign(admin, closed, first.userId);
  const more = await storeLead(organization);
  const own = { capacity: 4 };
  expectStatus(await call(admin, "PATCH", `/leads/holders/${first.userId}`, own), 200);
  await assign(admin, more, first.userId);
});

Deno.test("Bad bodies of an assignment are refused with the field's name", async () => {
  const { organization, admin, counselor: first } = await newOffice();
  const id = await storeLead(organization);
  const to = { assigned_to: first.userId };
  const cases: [unknown, string][] = [
    [{}, "assigned_to"],
    [{ assigned_to: "me" }, "assigned_to"],
    [{ assigned_to: 5 }, "assigned_to"],
    [{ assigned_to: [first.userId] }, "assigned_to"],
    [{ ...to, note: "n".repeat(2_001) }, "note"],
    [{ ...to, deadline: "tomorrow" }, "deadline"],
    [{ ...to, deadline: "2020-01-01T00:00:00Z" }, "deadline"],
    [{ ...to, deadline: 5 }, "deadline"],
  ];
  for (const [body, path] of cases) {
    const answer = await call(admin, "POST", `/leads/${id}/assign`, body);
    const problem = expectProblem(answer, 422, "invalid_field");
    assert.deepEqual(problem.errors?.map((error) => error.path), [path], JSON.stringify(body));
  }
  expectProblem(await call(admin, "POST", `/leads/${missing}/assign`, to), 404, "not_found");
  expectProblem(await call(admin, "POST", "/leads/x/assign", to), 422, "invalid_field");
  assert.equal((await leadRow(id))["assigned_to"], null);
});

Deno.test("POST /leads/{id}/assign with one Idempotency-Key happens once", async () => {
  const { organization, admin, counselor: first, colleague: second } = await newOffice();
  const id = await storeLead(organization);
  const key = { "idempotency-key": crypto.randomUUID() };
  const body = { assigned_to: first.userId };
  const path = `/leads/${id}/assign`;
  const answer = expectStatus(await call(admin, "POST", path, body, key), 200);
  await assign(admin, id, second.userId);
  assert.deepEqual(expectStatus(await call(admin, "POST", path, body, key), 200), answer);
  assert.equal((await leadRow(id))["assigned_to"], second.userId);
});

Deno.test("Assignments of one lead at the same moment: the last one holds it, and none is lost from its history", async () => {
  const { organization, admin, manager, counselor: first, colleague: second } = await newOffice();
  const id = await storeLead(organization, { assigned_to: first.userId });
  const people = [first.userId, second.userId, manager.userId];
  await Promise.all(
    Array.from({ length: 18 }, (_, turn) => assign(admin, id, people[turn % 3] ?? null)),
  );
  let holder: unknown = first.userId;
  for (const row of await assignmentsOf(id)) {
    assert.equal(row["from_user"], holder);
    holder = row["to_user"];
  }
  assert.equal((await leadRow(id))["assigned_to"], holder);
});
