import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addLead, findLeads, type LeadBody, newLead, readLead } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";
import { addMember, newOrganization, newTeam } from "../support/people.ts";

const ids = (leads: LeadBody[]) => leads.map(({ id }) => id).sort();

Deno.test("Each role finds the leads that its permission reaches, and no others, however it asks", async () => {
  const office = await newOffice();
  const [viewer, operator] = [
    await addMember(office, "viewer"),
    await addMember(office, "operator"),
  ];
  const own = await addLead(office.counselor, { last_name: "Reach", tags: ["t"], source: "s" });
  const colleagues = await addLead(office.colleague, {
    last_name: "Reach",
    tags: ["t"],
    source: "s",
  });
  const neighbours = await addLead(office.otherCounselor, {
    last_name: "Reach",
    tags: ["t"],
    source: "s",
  });
  const teamless = await addLead(office.admin, { last_name: "Reach", tags: ["t"], source: "s" });
  const given = await addLead(office.admin, {
    last_name: "Reach",
    tags: ["t"],
    source: "s",
    assigned_to: office.counselor.userId,
  });
  const all = [own, colleagues, neighbours, teamless, given];
  for (
    const [session, seen] of [
      [office.admin, all],
      [viewer, all],
      [office.manager, [own, colleagues, given]],
      [office.counselor, [own, given]],
      [office.colleague, [colleagues]],
      [office.otherCounselor, [neighbours]],
    ] as const
  ) {
    for (
      const query of [
        {},
        { search: "reach" },
        { search: "re" },
        { tag: "t" },
        { source: "s", status: "new" },
        { created_from: "2020-01-01" },
        { sort: "full_name", offset: "0" },
      ]
    ) {
      const page = await findLeads(session, query as Record<string, string>);
      assert.deepEqual(ids(page.data), ids([...seen]), JSON.stringify(query));
      assert.equal(page.total, seen.length);
    }
    for (const lead of all) {
      const answer = await call(session, "GET", `/leads/${lead.id}`);
      if (seen.some(({ id }) => id === lead.id)) expectStatus(answer, 200);
      else expectProblem(answer, 404, "not_found");
    }
  }
  expectProblem(await call(operator, "GET", "/leads"), 403, "permission_denied");
  expectProblem(await call(viewer, "POST", "/leads", newLead()), 403, "permission_denied");
});

Deno.test("What somebody sees but may not change is a 403, what it may not see a 404", async () => {
  const office = await newOffice();
  const lead = await addLead(office.colleague);
  const path = `/leads/${lead.id}`;
  for (
    const [session, status] of [[office.counselor, 404], [office.otherCounselor, 404]] as const
  ) {
    expectProblem(await call(session, "PATCH", path, { region: "Oti" }), status);
    expectProblem(await call(session, "POST", `${path}/students`, { first_name: "Esi" }), status);
  }
  expectProblem(await call(office.colleague, "DELETE", path), 403, "permission_denied");
  expectProblem(await call(office.colleague, "POST", `${path}/restore`), 403, "permission_denied");
  expectStatus(await call(office.manager, "PATCH", path, { region: "Oti" }), 200);
  const elsewhere = await addLead(office.otherCounselor);
  expectProblem(await call(office.manager, "DELETE", `/leads/${elsewhere.id}`), 404);
  expectStatus(await call(office.admin, "DELETE", `/leads/${elsewhere.id}`), 204);
  expectProblem(await call(office.manager, "POST", `/leads/${elsewhere.id}/restore`), 404);
  expectStatus(await call(office.manager, "DELETE", path), 204);
  expectStatus(await call(office.manager, "POST", `${path}/restore`), 200);
});

Deno.test("Deleted leads are listed to those who may restore them, as far as that reaches", async () => {
  const office = await newOffice();
  const ours = await addLead(office.counselor);
  const theirs = await addLead(office.otherCounselor);
  for (const { id } of [ours, theirs]) {
    expectStatus(await call(office.admin, "DELETE", `/leads/${id}`), 204);
  }
  const deleted = { deleted: "true" };
  assert.deepEqual(ids((await findLeads(office.admin, deleted)).data), ids([ours, theirs]));
  assert.deepEqual(ids((await findLeads(office.manager, deleted)).data), [ours.id]);
  const refused = await call(office.counselor, "GET", "/leads?deleted=true");
  expectProblem(refused, 403, "permission_denied");
});

Deno.test("A new lead goes to oneself, or to whom the permission to assign reaches, with history and notice", async () => {
  const office = await newOffice();
  const mine = await addLead(office.counselor, { assigned_to: office.counselor.userId });
  assert.deepEqual([mine.assigned_to, mine.team_id], [office.counselor.userId, office.team]);
  const give = (session: typeof office.admin, assigned_to: string) =>
    call(session, "POST", "/leads", newLead({ assigned_to }));
  expectProblem(await give(office.counselor, office.colleague.userId), 403, "permission_denied");
  expectProblem(await give(office.manager, office.otherCounselor.userId), 403, "permission_denied");
  const viewer = await addMember(office, "viewer");
  const stranger = (await newOrganization()).admin;
  for (const { userId } of [viewer, stranger]) {
    expectProblem(await give(office.admin, userId), 422, "invalid_field");
  }
  const given = expectStatus<LeadBody>(await give(office.manager, office.colleague.userId), 201);
  assert.deepEqual([given.assigned_to_name, given.team_id], ["Test counselor", office.team]);
  await withDatabase(async (sql) => {
    const history = await sql`select to_user, assigned_by, method from public.lead_assignments
      where lead_id = ${given.id}`;
    assert.deepEqual(history.map((row) => ({ ...row })), [{
      to_user: office.colleague.userId,
      assigned_by: office.manager.userId,
      method: "manual",
    }]);
    const told = await sql`select user_id, data ->> 'lead_id' as lead_id from public.notifications
      where organization_id = ${office.id} and kind = 'assignment'
        and user_id = ${office.colleague.userId}`;
    assert.deepEqual(told.map((row) => row["lead_id"]), [given.id]);
  });
});

Deno.test("Nobody is given more open leads than it may hold, however many come at the same moment", async () => {
  const office = await newOffice();
  const capacity = 3;
  await withDatabase((sql) =>
    sql`update public.lead_settings set capacity = ${capacity} where organization_id = ${office.id}`
  );
  const answers = await Promise.all(
    Array.from(
      { length: 8 },
      () => call(office.admin, "POST", "/leads", newLead({ assigned_to: office.counselor.userId })),
    ),
  );
  for (const answer of answers.filter(({ status }) => status !== 201)) {
    expectProblem(answer, 409, "over_capacity");
  }
  assert.equal(answers.filter(({ status }) => status === 201).length, capacity);
  assert.equal((await findLeads(office.counselor)).total, capacity);
});

Deno.test("A lead's team is its holder's; while nobody holds it, its creator's or one that may be chosen", async () => {
  const office = await newOffice();
  assert.equal((await addLead(office.counselor)).team_id, office.team);
  assert.equal((await addLead(office.admin)).team_id, null);
  const chosen = await addLead(office.admin, { team_id: office.otherTeam });
  assert.equal(chosen.team_id, office.otherTeam);
  const refused = async (
    session: typeof office.admin,
    method: string,
    path: string,
    body: unknown,
  ) => {
    const problem = expectProblem(await call(session, method, path, body), 422, "invalid_field");
    assert.deepEqual(problem.errors?.map(({ path }) => path), ["team_id"]);
  };
  await refused(office.counselor, "POST", "/leads", newLead({ team_id: office.otherTeam }));
  const stranger = await newOrganization();
  const foreign = await newTeam(stranger, [], "Foreign");
  await refused(office.admin, "POST", "/leads", newLead({ team_id: foreign }));
  const moved = await call(office.admin, "PATCH", `/leads/${chosen.id}`, { team_id: office.team });
  assert.equal(expectStatus<LeadBody>(moved, 200).team_id, office.team);
  await refused(office.manager, "PATCH", `/leads/${chosen.id}`, { team_id: office.otherTeam });
  await refused(office.manager, "PATCH", `/leads/${chosen.id}`, { team_id: null });
  const held = await addLead(office.admin, { assigned_to: office.counselor.userId });
  await refused(office.admin, "PATCH", `/leads/${held.id}`, { team_id: office.otherTeam });
});

Deno.test("Somebody who is suspended is refused at once, also where there is nothing to see", async () => {
  const office = await newOffice();
  await addLead(office.counselor);
  assert.equal((await findLeads(office.counselor)).total, 1);
  const { error } = await office.admin.client.from("memberships").update({ status: "suspended" })
    .eq("organization_id", office.id).eq("user_id", office.counselor.userId);
  assert.equal(error, null);
  for (const path of ["/leads", "/leads/fields", "/leads?search=x"]) {
    expectProblem(await call(office.counselor, "GET", path), 403, "not_a_member");
  }
  expectProblem(await call(office.counselor, "POST", "/leads", newLead()), 403, "not_a_member");
});

Deno.test("Another organization's leads are not there, by whatever door", async () => {
  const [mine, theirs] = [await newOffice(), await newOffice()];
  const lead = await addLead(theirs.admin, { last_name: "Theirs" });
  const path = `/leads/${lead.id}`;
  for (
    const [method, at, body] of [
      ["GET", path],
      ["PATCH", path, { region: "Oti" }],
      ["DELETE", path],
      ["POST", `${path}/restore`],
      ["GET", `${path}/students`],
      ["POST", `${path}/students`, { first_name: "Esi" }],
    ] as const
  ) {
    expectProblem(await call(mine.admin, method, at, body), 404, "not_found");
  }
  assert.equal((await findLeads(mine.admin, { search: "Theirs" })).total, 0);
  assert.equal((await findLeads(mine.admin, { assigned_to: theirs.admin.userId })).total, 0);
  const { data } = await mine.admin.client.from("leads").select("id").eq("id", lead.id);
  assert.deepEqual(data, []);
  const answer = await mine.admin.client.rpc("list_leads", {
    organization_id: theirs.id,
    filters: {},
    sort: "created_at",
    page_limit: 50,
    page_offset: 0,
  });
  assert.equal(answer.error?.code, "PT403");
  assert.equal((await readLead(theirs.admin, lead.id)).version, 1);
});
