import assert from "node:assert/strict";
import { addClient, dayFromNow } from "../support/clients.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { runTask } from "../support/jobs.ts";
import { addMembers, newOrganization } from "../support/people.ts";

interface Predictions {
  predicted_on: string | null;
  quarters: string[];
  probabilities: number[];
  most_likely_incident: string | null;
  basis: string | null;
  q1_prediction: number | null;
}

Deno.test("Issues of the past become forecasts of the next four quarters", async () => {
  const organization = await newOrganization();
  const [technical, manager] = await addMembers(organization, [
    { role: "technical_agent" },
    { role: "manager" },
  ]);
  assert(technical && manager);
  const { id } = await addClient(organization.admin, { amount: 10, since: dayFromNow(-900) });
  const quiet = await addClient(organization.admin, { amount: 10, since: dayFromNow(-900) });
  const path = `/clients/${id}/incident-predictions`;
  const before = expectStatus<Predictions>(await call(technical, "GET", path), 200);
  assert.deepEqual([before.predicted_on, before.quarters], [null, []]);
  for (const days of [-100, -200, -300, -400]) {
    const issue = { title: "Dark", type: "outage", opened_at: `${dayFromNow(days)}T08:00:00Z` };
    expectStatus(await call(technical, "POST", `/clients/${id}/issues`, issue), 201);
  }
  const sql = database();
  for (let minute = 0; minute < 20; minute += 1) {
    await runTask("run_incident_predictions");
    const [done] = await sql`
      select 1 from private.incident_models
      where organization_id = ${organization.id} and finished_at is not null`;
    if (done) break;
  }
  const after = expectStatus<Predictions>(await call(technical, "GET", path), 200);
  assert.equal(after.quarters.length, 4);
  assert.equal(after.most_likely_incident, "outage");
  assert(after.probabilities.every((p) => p > 0 && p < 1), JSON.stringify(after));
  assert(after.q1_prediction !== null);
  const detail = expectStatus<{ incident_predictions: Predictions }>(
    await call(technical, "GET", `/clients/${quiet.id}/detail`),
    200,
  );
  assert.equal(detail.incident_predictions.quarters.length, 4);
  expectProblem(await call(manager, "GET", path), 403, "permission_denied");
  expectProblem(await call((await newOrganization()).admin, "GET", path), 404, "not_found");
});
