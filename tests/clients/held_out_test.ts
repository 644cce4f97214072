import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { runTask } from "../support/jobs.ts";
import { newOrganization } from "../support/people.ts";
import {
  clientAtRisk,
  clientInHighestBand,
  type Recommendation,
  recommendationsOf,
} from "../support/recommendations.ts";

interface PlayFigures {
  proposed: number;
  held_out: number | null;
  not_shown: unknown;
}

const keysOf = (recommendations: Recommendation[]) =>
  recommendations.map(({ play_key }) => play_key).sort();

Deno.test("What is held out is in no list, no detail, no report, no export and not in the audit log", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  expectStatus(await call(admin, "PATCH", "/clients/settings", { holdout_share: 0.5 }), 200);
  const clients: string[] = [];
  for (let more = 0; more < 7; more++) clients.push(await clientInHighestBand(organization));
  clients.push(await clientAtRisk(organization));
  await runTask("run_recommendations");
  const trials = await database()<
    { client: string; key: string; title: string; held_out: boolean }[]
  >`
    select t.client_id as client, p.key, p.title, t.held_out
    from private.play_trials t join public.plays p on p.id = t.play_id where t.client_id = any (${clients})`;
  assert.equal(trials.length, 3 * clients.length);
  assert.equal(
    new Set(trials.map(({ held_out }) => held_out)).size,
    2,
    "Some are held out, some shown",
  );

  for (const client of clients) {
    const tried = trials.filter((trial) => trial.client === client);
    const shown = tried.filter(({ held_out }) => !held_out).map(({ key }) => key).sort();
    assert.deepEqual(keysOf(await recommendationsOf(organization, client)), shown);
    const detail = await call(admin, "GET", `/clients/${client}/detail`);
    const { recommendations } = expectStatus<{ recommendations: Recommendation[] }>(detail, 200);
    assert.deepEqual(keysOf(recommendations), shown);
    const rows = await admin.client.from("recommendations").select("id, play_id").eq(
      "client_id",
      client,
    );
    assert.equal(rows.data?.length, shown.length);
    for (const { key, held_out } of tried) {
      if (held_out) assert(!JSON.stringify(detail.body).includes(key), key);
    }
  }

  const shown = trials.filter(({ held_out }) => !held_out);
  const report = expectStatus<{ data: PlayFigures[] }>(
    await call(admin, "GET", "/reports/retention-actions"),
    200,
  ).data;
  assert.equal(report.reduce((sum, { proposed }) => sum + proposed, 0), shown.length);
  assert(report.every((play) => play.held_out === null && play.not_shown === null));
  const csv = expectStatus<string>(await call(admin, "GET", "/clients/export"), 200);
  for (const { key, title } of trials) assert(!csv.includes(key) && !csv.includes(title), key);
  for (const client of clients) {
    const log = await call(admin, "GET", `/audit-logs?limit=200&search=${client}`);
    const logged = expectStatus<{ logs: { resource: string; resource_id: string }[] }>(log, 200)
      .logs.filter(({ resource }) => resource !== "clients");
    const known = await recommendationsOf(organization, client);
    assert.deepEqual(
      logged.map(({ resource, resource_id }) => `${resource} ${resource_id}`).sort(),
      known.map(({ id }) => `recommendations ${id}`).sort(),
    );
  }
});

Deno.test("Above a hundred outcomes no change of one client moves a figure of the report", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  await clientAtRisk(organization);
  const sql = database();
  const clients = await sql<{ id: string; held_out: boolean }[]>`
    with made as (
      insert into public.clients (organization_id, name, segment, currency)
      select ${organization.id}, 'Trial ' || n, 'enterprise', 'GHS' from generate_series(1, 240) n returning id
    ), arms as (
      select id, row_number() over (order by id) % 2 = 0 as held_out from made
    ), trials as (
      insert into private.play_trials
        (organization_id, play_id, client_id, held_out, proposed_on, mrr, currency, segment, outcome)
      select p.organization_id, p.id, a.id, a.held_out, current_date - 120, 50, 'GHS', 'enterprise', 'retained'
      from arms a join public.plays p on p.organization_id = ${organization.id} and p.key = 'manager_call'
    )
    select id, held_out from arms`;
  await runTask("run_recommendations");
  const ask = async () => {
    const answers: unknown[] = [];
    for (const query of ["", "?segment=enterprise", "?segment=individual"]) {
      const answer = await call(admin, "GET", `/reports/retention-actions${query}`);
      const { data } = expectStatus<{ data: (PlayFigures & { key: string })[] }>(answer, 200);
      answers.push(data.find(({ key }) => key === "manager_call"));
    }
    return answers;
  };
  const before = await ask();
  assert.deepEqual(before.map((play) => (play as PlayFigures).held_out), [120, 120, null]);
  for (const arm of [true, false]) {
    const [first, second] = clients.filter(({ held_out }) => held_out === arm);
    const moved = { name: "Moved", segment: "individual" };
    expectStatus(await call(admin, "PUT", `/clients/${first?.id}`, moved), 200);
    expectStatus(await call(admin, "POST", `/clients/${second?.id}/mrr`, { amount: 60 }), 200);
    assert.deepEqual(await ask(), before);
  }
});
