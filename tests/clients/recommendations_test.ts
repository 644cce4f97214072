import assert from "node:assert/strict";
import { addClient } from "../support/clients.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { runTask } from "../support/jobs.ts";
import { addMembers, newOrganization } from "../support/people.ts";
import {
  clientAtRisk,
  type Recommendation,
  recommendationsOf,
} from "../support/recommendations.ts";
import { until } from "../support/wait.ts";

Deno.test("Marketing works through what is recommended for a client at risk", async () => {
  const organization = await newOrganization();
  const [marketing, viewer] = await addMembers(organization, [
    { role: "marketing_agent" },
    { role: "viewer" },
  ]);
  assert(marketing && viewer);
  expectStatus(
    await call(organization.admin, "PATCH", "/clients/settings", { holdout_share: 0 }),
    200,
  );
  const client = await clientAtRisk(organization);
  await runTask("run_recommendations");
  const proposed = await recommendationsOf(organization, client);
  assert.deepEqual(
    proposed.map(({ play_key }) => play_key).sort(),
    ["call_quiet_client", "manager_call", "new_contact"],
  );
  assert(proposed.every(({ impact, measured }) => impact === 0 && !measured));

  const first = proposed[0]?.id;
  const path = `/clients/${client}/recommendations/${first}`;
  expectProblem(await call(viewer, "PATCH", path, { state: "accepted" }), 403, "permission_denied");
  expectProblem(await call(marketing, "PATCH", path, { state: "done" }), 409, "wrong_state");
  expectProblem(await call(marketing, "PATCH", path, { state: "expired" }), 422);
  const accepted = await call(marketing, "PATCH", path, { state: "accepted", note: "Tomorrow" });
  assert.equal(expectStatus<Recommendation>(accepted, 200).state, "accepted");
  const done = await call(marketing, "PATCH", path, { state: "done" });
  assert.equal(expectStatus<Recommendation>(done, 200).state, "done");

  const report = expectStatus<
    { data: { key: string; done: number; measured: boolean; effect: unknown }[] }
  >(await call(viewer, "GET", "/reports/retention-actions"), 200);
  assert.equal(report.data.reduce((sum, row) => sum + row.done, 0), 1);
  const filtered = "/reports/retention-actions?currency=XAF&segment=enterprise&from=2026-01-01";
  const none = expectStatus<typeof report & { as_of: string; currency: string; from: string }>(
    await call(viewer, "GET", filtered),
    200,
  );
  assert.equal(none.data.reduce((sum, row) => sum + row.done, 0), 0);
  assert.deepEqual([none.currency, none.from], ["XAF", "2026-01-01"]);
  assert(Date.parse(none.as_of) > Date.now() - 600_000);
  expectProblem(await call(viewer, "GET", "/reports/retention-actions?from=2199-01-01"), 422);
  assert(report.data.every(({ measured, effect }) => !measured && effect === null));
});

Deno.test("A decision that is being made as a recommendation expires stands", async () => {
  const organization = await newOrganization();
  const { id: client } = await addClient(organization.admin, { amount: 10 });
  const path = `/clients/${client}/recommendations`;
  const made = await call(organization.admin, "POST", path, { title: "Invite to the fair" });
  const { id } = expectStatus<Recommendation>(made, 201);
  const sql = database();
  await sql`update public.recommendations set expires_on = current_date - 2 where id = ${id}`;
  const settling: PromiseLike<unknown>[] = [];
  await sql.begin(async (decision) => {
    await decision`update public.recommendations set state = 'accepted' where id = ${id}`;
    settling.push(sql`select private.settle_recommendations()`.execute());
    await until(async () => {
      const [row] = await sql<{ waits: boolean }[]>`
        select exists (select from pg_stat_activity a where a.wait_event_type = 'Lock'
          and a.query like '%settle_recommendations%' and a.pid <> pg_backend_pid()) as waits`;
      return row?.waits;
    }, { what: "the expiry to wait for the decision" });
  });
  await Promise.all(settling);
  const [kept] = await recommendationsOf(organization, client);
  assert.equal(kept?.state, "accepted");
});

Deno.test("People recommend something of their own", async () => {
  const organization = await newOrganization();
  const { id } = await addClient(organization.admin, { amount: 10 });
  const path = `/clients/${id}/recommendations`;
  expectProblem(await call(organization.admin, "POST", path, { title: "" }), 422);
  const added = await call(organization.admin, "POST", path, { title: "Invite to the fair" });
  assert.equal(expectStatus<Recommendation>(added, 201).play_key, null);
  const stranger = (await newOrganization()).admin;
  expectProblem(await call(stranger, "POST", path, { title: "x" }), 404, "not_found");
  expectProblem(await call(stranger, "GET", path), 404, "not_found");
});

Deno.test("Plays are the organization's own: an admin changes them", async () => {
  const organization = await newOrganization();
  const [marketing] = await addMembers(organization, [{ role: "marketing_agent" }]);
  assert(marketing);
  type Plays = { data: { id: string; key: string; bands: string[] | null }[] };
  const { data } = expectStatus<Plays>(await call(marketing, "GET", "/clients/plays"), 200);
  assert.equal(data.length, 12);
  assert(data.every(({ bands }) => bands === null), "For whom a play is tells who is held out");
  const all = expectStatus<Plays>(await call(organization.admin, "GET", "/clients/plays"), 200);
  assert(all.data.every(({ bands }) => bands?.length));
  const path = `/clients/plays/${data[0]?.id}`;
  const play = { title: "Call today", channel: "call", bands: ["critical"], every_days: 7 };
  expectProblem(await call(marketing, "PUT", path, play), 403, "permission_denied");
  expectProblem(await call(organization.admin, "PUT", path, { ...play, segments: ["none"] }), 422);
  expectProblem(await call(organization.admin, "PUT", path, { ...play, bands: [] }), 422);
  const changed = expectStatus<{ key: string; title: string; themes: string[] }>(
    await call(organization.admin, "PUT", path, play),
    200,
  );
  assert.deepEqual([changed.key, changed.title, changed.themes], [data[0]?.key, "Call today", []]);
  expectProblem(await call((await newOrganization()).admin, "PUT", path, play), 404, "not_found");
});
