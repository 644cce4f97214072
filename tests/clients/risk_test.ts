import assert from "node:assert/strict";
import { addClient, dayFromNow, move, readClient } from "../support/clients.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { runTask } from "../support/jobs.ts";
import { addMembers, newOrganization, type Organization } from "../support/people.ts";

/*
 * The risk of leaving over HTTP. What is learned, and whether it is right, is tested in
 * supabase/tests/450_churn_risk.test.sql and risk_fit_test.ts.
 */

interface Card {
  model: { method: string; confidence: string; calibration: unknown; number: number } | null;
  training: { phase: string } | null;
  scored_on: string | null;
  bands: { band: string; from: number; to: number }[];
  history: unknown[];
}

interface Factors {
  method: string | null;
  score: number | null;
  log_odds: number | null;
  mean_log_odds: number | null;
  raising: { theme: string; percentage: number; points: number; details: { text: string }[] }[];
  lowering: { points: number }[];
  manual: { name: string; percentage: number }[];
}

const card = async (organization: Organization): Promise<Card> =>
  expectStatus(await call(organization.admin, "GET", "/clients/churn-model"), 200);

/** Runs the jobs until the organization's training and scoring are done, as the cron job does minute by minute. */
async function runJobs(organization: Organization): Promise<void> {
  const sql = database();
  for (let minute = 0; minute < 60; minute += 1) {
    await runTask("run_churn_training");
    await runTask("run_scoring");
    const [open] = await sql`
      select 1 from private.churn_model_state s where s.organization_id = ${organization.id}
        and (s.phase is not null or s.score_requested_at > coalesce((
          select max(r.started_at) from private.scoring_runs r
          where r.organization_id = s.organization_id and r.finished_at is not null), '-infinity'))`;
    if (open === undefined) return;
  }
  assert.fail("training and scoring do not end");
}

Deno.test("Where nobody ever left there is a rule and no score; once somebody has, there are scores", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const [first, second] = [
    await addClient(admin, {
      amount: 100,
      since: dayFromNow(-300),
      observed_from: dayFromNow(-300),
    }),
    await addClient(admin, {
      amount: 50,
      since: dayFromNow(-200),
      observed_from: dayFromNow(-200),
      stated_risk: "high",
    }),
  ];
  const queued = await call(admin, "POST", "/clients/churn-model/train");
  assert.equal(expectStatus<{ status: string }>(queued, 202).status, "queued");
  assert.equal((await card(organization)).training?.phase, "requested");
  await runJobs(organization);
  const before = await card(organization);
  assert.equal(before.model?.method, "rule");
  assert.equal(before.model?.confidence, "none");
  assert.equal(before.model?.calibration, null);
  assert.equal((await readClient(admin, second.id)).score, null);

  await move(admin, first.id, "churn", { effective_on: dayFromNow(-5), reason: "price" });
  expectStatus(await call(admin, "POST", "/clients/churn-model/train"), 202);
  await runJobs(organization);
  const after = await card(organization);
  assert.equal(after.model?.confidence, "low");
  assert.equal(after.history.length, 2);
  const risky = await readClient(admin, second.id);
  assert(risky.score !== null && risky.score > 0 && risky.band !== null, JSON.stringify(risky));
  assert.equal(risky.churn_risk, risky.band);
  assert.equal((await readClient(admin, first.id)).score, null, "who has left has no score");

  const list = expectStatus<{ data: { id: string }[] }>(
    await call(admin, "GET", "/clients?sort=-score"),
    200,
  );
  assert.deepEqual(list.data.map(({ id }) => id), [second.id, first.id]);
});

Deno.test("Factors add up, and people add their own", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const left = await addClient(admin, {
    amount: 10,
    since: dayFromNow(-100),
    observed_from: dayFromNow(-100),
  });
  await move(admin, left.id, "churn", { effective_on: dayFromNow(-1) });
  for (let index = 0; index < 4; index += 1) {
    await addClient(admin, {
      amount: 10,
      since: dayFromNow(-100 - index * 50),
      observed_from: dayFromNow(-100 - index * 50),
    });
  }
  const { id } = await addClient(admin, {
    amount: 10,
    since: dayFromNow(-9),
    observed_from: dayFromNow(-9),
    stated_risk: "high",
  });
  for (const title of ["Dark", "Dark", "Slow"]) {
    expectStatus(await call(admin, "POST", `/clients/${id}/issues`, { title }), 201);
  }
  await runJobs(organization);
  const added = await call(admin, "POST", `/clients/${id}/factors`, {
    name: "Price",
    percentage: 40,
  });
  expectStatus(added, 201);
  expectProblem(
    await call(admin, "POST", `/clients/${id}/factors`, { name: "", percentage: 400 }),
    422,
  );
  const factors = expectStatus<Factors>(await call(admin, "GET", `/clients/${id}/factors`), 200);
  const points = [...factors.raising, ...factors.lowering].reduce((sum, f) => sum + f.points, 0);
  const difference = (factors.log_odds ?? NaN) - (factors.mean_log_odds ?? NaN);
  assert(Math.abs(points - difference) < 1e-9, `${points} ${difference}`);
  assert.equal(factors.raising.reduce((sum, f) => sum + f.percentage, 0), 100);
  assert(factors.raising.some(({ theme }) => theme === "issues"), JSON.stringify(factors.raising));
  assert.deepEqual(factors.manual.map(({ name, percentage }) => [name, percentage]), [[
    "Price",
    40,
  ]]);
  const detail = expectStatus<{ factors: Factors; score_history: unknown[] }>(
    await call(admin, "GET", `/clients/${id}/detail`),
    200,
  );
  assert.equal(detail.factors.score, factors.score);
  assert.equal(detail.score_history.length, 1);

  const report = expectStatus<{ data: { theme: string; share: number; first: number }[] }>(
    await call(admin, "GET", "/reports/churn-factors"),
    200,
  );
  assert(Math.abs(report.data.reduce((sum, row) => sum + row.share, 0) - 1) < 1e-9);
  assert.equal(report.data.reduce((sum, row) => sum + row.first, 0) <= 5, true);
});

Deno.test("Bands are the organization's own, and are in the reports", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const left = await addClient(admin, {
    amount: 10,
    since: dayFromNow(-100),
    observed_from: dayFromNow(-100),
  });
  await move(admin, left.id, "churn", { effective_on: dayFromNow(-1) });
  const { id } = await addClient(admin, { amount: 30, since: dayFromNow(-100) });
  expectProblem(
    await call(admin, "PATCH", "/clients/settings", { band_limits: [30, 10, 60] }),
    422,
  );
  expectStatus(await call(admin, "PATCH", "/clients/settings", { band_limits: [1, 2, 3] }), 200);
  await runJobs(organization);
  assert.equal((await readClient(admin, id)).band, "critical");
  assert.deepEqual((await card(organization)).bands.at(-1), { band: "critical", from: 3, to: 100 });
  const trends = expectStatus<{ data: { at_risk_clients: number | null; at_risk_mrr: string }[] }>(
    await call(admin, "GET", "/reports/churn-trends"),
    200,
  );
  assert.equal(trends.data.at(-1)?.at_risk_clients, 1);
  assert.equal(trends.data.at(-1)?.at_risk_mrr, "30.00");
  const segments = expectStatus<{ data: { bands: Record<string, number> | null }[] }>(
    await call(admin, "GET", "/reports/churn-by-segment"),
    200,
  );
  assert.deepEqual(segments.data[0]?.bands, { critical: 1 });

  expectStatus(await call(admin, "PATCH", "/clients/settings", { band_limits: [10, 50, 99] }), 200);
  expectStatus(await call(admin, "POST", "/clients/churn-model/score"), 202);
  await runJobs(organization);
  assert.notEqual((await readClient(admin, id)).band, "critical");
});

Deno.test("Who reads churn sees the model card, only admins train, and others see neither", async () => {
  const organization = await newOrganization();
  const [marketing, viewer, counselor] = await addMembers(organization, [
    { role: "marketing_agent" },
    { role: "viewer" },
    { role: "counselor" },
  ]);
  assert(marketing && viewer && counselor);
  for (const person of [marketing, viewer]) {
    expectStatus(await call(person, "GET", "/clients/churn-model"), 200);
    expectStatus(await call(person, "GET", "/reports/churn-factors"), 200);
    expectProblem(await call(person, "POST", "/clients/churn-model/train"), 403);
    expectProblem(await call(person, "POST", "/clients/churn-model/score"), 403);
  }
  expectProblem(await call(counselor, "GET", "/clients/churn-model"), 403, "permission_denied");
  expectProblem(await call(counselor, "GET", "/reports/churn-factors"), 403, "permission_denied");
  const { id } = await addClient((await newOrganization()).admin, { amount: 10 });
  expectProblem(await call(marketing, "GET", `/clients/${id}/factors`), 404, "not_found");
});
