import assert from "node:assert/strict";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { setCapacity, storeLeads } from "../support/lead_rows.ts";
import { newOffice } from "../support/office.ts";
import { addMember, newOrganization } from "../support/people.ts";

interface Holder {
  user_id: string;
  full_name: string;
  on_duty: boolean;
  capacity: number | null;
  effective_capacity: number | null;
  open: number;
  team_id: string | null;
}

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";

Deno.test("GET /leads/holders lists those to whom the caller may assign, with what they hold", async () => {
  const office = await newOffice();
  const { organization, admin, manager, counselor: first, colleague: second, team } = office;
  await addMember(organization, "viewer");
  await storeLeads(organization, 2, { assigned_to: first.userId });
  await storeLeads(organization, 1, { assigned_to: first.userId, status: "won" });
  await setCapacity(organization, 5);
  const list = async (session: typeof admin, query = "") => {
    const answer = await call(session, "GET", `/leads/holders${query}`);
    return expectStatus<{ data: Holder[]; total: number }>(answer, 200);
  };
  const ids = ({ data }: { data: Holder[] }) => data.map(({ user_id }) => user_id).sort();
  const all = await list(admin);
  const everyone = [
    ...[admin, manager, first, second],
    ...[office.otherManager, office.otherCounselor, office.stranger],
  ].map(({ userId }) => userId).sort();
  assert.deepEqual([ids(all), all.total], [everyone, 7]);
  const one = all.data.find(({ user_id }) => user_id === first.userId);
  assert.deepEqual(
    [one?.on_duty, one?.capacity, one?.effective_capacity, one?.open, one?.team_id],
    [true, null, 5, 2, team],
  );
  const ours = await list(manager);
  assert.deepEqual(ids(ours), [manager, first, second].map(({ userId }) => userId).sort());
  const page = await list(admin, "?limit=2&offset=6");
  assert.deepEqual([page.data.length, page.total], [1, 7]);
  expectProblem(await call(first, "GET", "/leads/holders"), 403, "permission_denied");
  assert.equal((await list((await newOrganization()).admin)).total, 1);
});

Deno.test("PATCH /leads/holders/{user_id} sets duty and capacity of people within reach", async () => {
  const { organization, admin, manager, counselor: first, stranger } = await newOffice();
  const path = (person: string) => `/leads/holders/${person}`;
  const change = async (body: unknown) =>
    expectStatus<Holder>(await call(manager, "PATCH", path(first.userId), body), 200);
  const set = await change({ capacity: 7 });
  assert.deepEqual([set.on_duty, set.capacity, set.effective_capacity], [true, 7, 7]);
  const off = await change({ on_duty: false });
  assert.deepEqual([off.on_duty, off.capacity], [false, 7]);
  const back = await change({ capacity: null, on_duty: true });
  assert.deepEqual([back.on_duty, back.capacity], [true, null]);
  const body = { capacity: 1 };
  expectProblem(await call(manager, "PATCH", path(stranger.userId), body), 403);
  expectStatus(await call(admin, "PATCH", path(stranger.userId), body), 200);
  const viewer = await addMember(organization, "viewer");
  const outsider = (await newOrganization()).admin;
  for (const person of [viewer.userId, outsider.userId, missing]) {
    expectProblem(await call(admin, "PATCH", path(person), body), 404, "not_found");
  }
  for (const bad of [{}, { capacity: -1 }, { capacity: "7" }, { on_duty: null }, { on_duty: 1 }]) {
    expectProblem(await call(admin, "PATCH", path(first.userId), bad), 422, "invalid_field");
  }
});

Deno.test("PATCH /leads/holders/me: people who hold leads go on and off duty themselves, and no more", async () => {
  const { organization, counselor: first } = await newOffice();
  const off = await call(first, "PATCH", "/leads/holders/me", { on_duty: false, capacity: 1_000 });
  const me = expectStatus<Holder>(off, 200);
  assert.deepEqual([me.user_id, me.on_duty, me.capacity], [first.userId, false, null]);
  const other = `/leads/holders/${first.userId}`;
  expectProblem(await call(first, "PATCH", other, { on_duty: true }), 403, "permission_denied");
  const viewer = await addMember(organization, "viewer");
  expectProblem(await call(viewer, "PATCH", "/leads/holders/me", { on_duty: true }), 403);
  expectProblem(await call(first, "PATCH", "/leads/holders/me", {}), 422, "invalid_field");
});
