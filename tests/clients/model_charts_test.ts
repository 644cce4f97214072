import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectProblem } from "../support/http.ts";
import { addMembers, newOrganization } from "../support/people.ts";
import { functionUrl } from "../support/stack.ts";

/** Figures of ten tenths of a hundred clients, of which these many left, the riskiest first. */
function figures(left: number[]) {
  const interval = (rate: number) => ({ rate, low: rate / 2, high: Math.min(1, rate * 2) });
  return {
    rows: 1000,
    clients: 1000,
    events: left.reduce((sum, n) => sum + n, 0),
    rate: 0.1,
    auc: 0.8,
    auc_low: 0.7,
    auc_high: 0.9,
    brier: 0.1,
    brier_base: 0.1,
    log_loss: 0.3,
    log_loss_base: 0.3,
    expected: 100,
    observed: 100,
    ratio: 1,
    ratio_low: 0.9,
    ratio_high: 1.1,
    calibration_intercept: 0,
    calibration_slope: 1,
    lift_top_tenth: 4,
    recall_top_fifth: 0.6,
    tenths: left.map((n, at) => ({
      tenth: at + 1,
      rows: 100,
      weight: 100,
      predicted: 0.35 - at * 0.03,
      observed: interval(n / 100),
    })),
    segments: [],
  };
}

/** A model in use that was tested with these figures. */
async function useModel(organizationId: string): Promise<void> {
  const metrics = JSON.stringify({
    model: figures([40, 20, 10, 10, 5, 5, 4, 3, 2, 1]),
    rule: figures([20, 20, 10, 10, 10, 10, 5, 5, 5, 5]),
  });
  await database()`
    with model as (
      insert into public.churn_models (organization_id, number, method, confidence, reason, accepted, trained_on,
        features, intercept, calibration, metrics)
      values (${organizationId}, 7, 'model', 'normal', 'x', true, '2026-11-01',
        '[{"name": "mrr", "theme": "contract", "place": 15, "transform": "log", "mean": 0, "sd": 1, "coefficient": 0, "prior": 0}]', 0,
        '{"intercept": 0, "slope": 1}', ${metrics}::text::jsonb)
      returning id
    )
    insert into private.churn_model_state (organization_id, active_model_id)
    select ${organizationId}, id from model
    on conflict on constraint churn_model_state_pkey do update set active_model_id = excluded.active_model_id`;
}

const picture = (
  caller: { accessToken: string },
  name: string,
  headers: Record<string, string> = {},
) =>
  fetch(functionUrl(`/clients/churn-model/${name}`), {
    headers: { authorization: `Bearer ${caller.accessToken}`, ...headers },
  });

Deno.test("The model card has charts of calibration and lift, in words too, and in the theme that is asked for", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  for (const name of ["calibration.svg", "lift.svg"]) {
    const empty = await (await picture(admin, name)).text();
    assert(empty.includes("No model was tested so far"), empty);
  }
  await useModel(organization.id);
  const response = await picture(admin, "calibration.svg");
  const calibration = await response.text();
  assert.equal(response.status, 200, calibration);
  assert.equal(response.headers.get("content-type"), "image/svg+xml; charset=utf-8");
  assert(calibration.includes("prefers-color-scheme:dark"));
  const [, words = ""] = /<desc[^>]*>([^<]*)</.exec(calibration) ?? [];
  assert(words.includes("Record 7 of 2026-11-01, tested on 1000 clients, of whom 100 left"), words);
  assert(words.includes("10: Expected 35.0 %, Observed 40.0 %"), words);
  assert(words.indexOf("1: Expected 8.0 %") < words.indexOf("10: Expected"), words);

  const lift = await (await picture(admin, "lift.svg?theme=light")).text();
  assert(!lift.includes("prefers-color-scheme"));
  assert(lift.includes("top 10 %: Model 4, Built-in rule 2;"), lift);
  assert(lift.includes("top 20 %: Model 3, Built-in rule 2;"), lift);
  assert(lift.includes("top 100 %: Model 1, Built-in rule 1<"), lift);

  const tag = response.headers.get("etag") ?? "";
  assert.equal((await picture(admin, "calibration.svg", { "if-none-match": tag })).status, 304);
  assert.equal((await picture(admin, "lift.svg", { "if-none-match": tag })).status, 200);
});

Deno.test("The charts of the model are for those who read churn", async () => {
  const organization = await newOrganization();
  await useModel(organization.id);
  const [viewer, counselor] = await addMembers(organization, [
    { role: "viewer" },
    { role: "counselor" },
  ]);
  assert(viewer && counselor);
  assert.equal((await picture(viewer, "lift.svg")).status, 200);
  expectProblem(await call(counselor, "GET", "/clients/churn-model/lift.svg"), 403);
});
