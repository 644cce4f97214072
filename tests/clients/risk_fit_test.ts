import assert from "node:assert/strict";
import expected from "../fixtures/logistic.json" with { type: "json" };
import sklearn from "../fixtures/logistic_sklearn.json" with { type: "json" };
import { database } from "../support/db.ts";

/*
 * The regression behind the risk, against R and scikit-learn (tests/fixtures/README.md) and against what can be said
 * without a program.
 */

const literal = (rows: number[][]): string =>
  rows.map(([y, w, ...x]) => `(${[y, w, ...x].map((v) => `${v}::float8`).join(", ")})`).join(", ");

/** A query of these rows with y, w, x1 … */
const source = (rows: number[][]): string => {
  const features = (rows[0]?.length ?? 2) - 2;
  const names = Array.from({ length: features }, (_, index) => `x${index + 1}`);
  return `select * from (values ${literal(rows)}) v (${["y", "w", ...names].join(", ")})`;
};

async function fit(rows: number[][], prior: number[], penalty: number): Promise<number[]> {
  const [row] = await database()<{ beta: number[] }[]>`
    select beta from private.fit_logit(${source(rows)}, ${prior}::float8[], ${penalty}::float8)`;
  return row?.beta.map(Number) ?? [];
}

async function metrics(rows: { p: number; y: number; w: number }[]): Promise<{ auc: number }> {
  const values = rows.map(({ p, y, w }, client) => `(${client}, ${p}, ${y}, ${w})`).join(", ");
  const [row] = await database()<{ figures: { auc: number } }[]>`
    select private.churn_metrics(${`select client_id, 'all' as segment, p, y, w
      from (values ${values}) v (client_id, p, y, w)`}) as figures`;
  assert(row !== undefined);
  return row.figures;
}

function close(actual: number[], wanted: number[], tolerance: number) {
  assert.equal(actual.length, wanted.length);
  actual.forEach((value, index) =>
    assert(
      Math.abs(value - (wanted[index] ?? NaN)) <= tolerance,
      `${index}: ${value}, not ${wanted[index]}`,
    )
  );
}

const zero = expected.prior.map(() => 0);
const logit = (share: number) => Math.log(share / (1 - share));

Deno.test("Coefficients are those of R: without penalty, and pulled to a prior", async () => {
  close(await fit(expected.rows, zero, 0), expected.plain, 1e-8);
  close(await fit(expected.rows, expected.prior, 1), expected.ridge_1, 1e-8);
  close(await fit(expected.rows, expected.prior, 10), expected.ridge_10, 1e-8);
});

Deno.test("Coefficients are those of scikit-learn where the penalty pulls to zero", async () => {
  close(await fit(expected.rows, zero, 10), sklearn.zero_10, 1e-6);
});

Deno.test("The area under the curve counts ties as halves, as R and scikit-learn do", async () => {
  const rows = expected.p.map((p, index) => ({ p, y: expected.rows[index]?.[0] ?? 0, w: 1 }));
  const { auc } = await metrics(rows);
  assert(Math.abs(auc - expected.auc) < 1e-12, String(auc));
  assert(Math.abs(auc - sklearn.auc) < 1e-12, String(auc));
});

Deno.test("With one binary feature the coefficient is the log odds ratio, without any the logit of the rate", async () => {
  const table = [[1, 30, 1], [0, 70, 1], [1, 10, 0], [0, 90, 0]];
  close(await fit(table, [0, 0], 0), [logit(0.1), logit(0.3) - logit(0.1)], 1e-8);
  close(await fit(table.map(([y = 0, w = 0]) => [y, w]), [0], 0), [logit(0.2)], 1e-8);
});

Deno.test("The probabilities of the training rows add up to the events, whatever the penalty", async () => {
  const beta = await fit(expected.rows, expected.prior, 25);
  const excess = expected.rows.reduce((sum, [y = 0, w = 0, ...x]) => {
    const eta = x.reduce((total, v, index) => total + v * (beta[index + 1] ?? 0), beta[0] ?? 0);
    return sum + w * (1 / (1 + Math.exp(-eta)) - y);
  }, 0);
  assert(Math.abs(excess) < 1e-6, String(excess));
});

Deno.test("An endless penalty leaves the rule's weights, and columns that are the same thing share theirs", async () => {
  const [, ...rule] = await fit(expected.rows, expected.prior, 1e12);
  close(rule, expected.prior.slice(1), 1e-6);
  const twice = expected.rows.map(([y = 0, w = 0, x = 0]) => [y, w, x, x]);
  const [, first = 0, second = 0] = await fit(twice, [0, 0, 0], 10);
  assert(Math.abs(first - second) < 1e-8 && first > 0.1, `${first} ${second}`);
});

Deno.test("All left, none left, and rows that a line separates have finite coefficients", async () => {
  for (const y of [0, 1]) {
    const beta = await fit([[y, 1, 0.5], [y, 1, -0.5], [y, 1, 1]], [0, 0.35], 10);
    assert(beta.every((value) => Number.isFinite(value)), String(beta));
  }
  const separated = Array.from(
    { length: 40 },
    (_, index) => [Number(index >= 20), 1, index - 19.5],
  );
  const [, slope = 0] = await fit(separated, [0, 0], 10);
  assert(slope > 0 && slope < 5, String(slope));
});

Deno.test("With a dummy for each month of tenure the hazards of the regression are the Kaplan-Meier curve", async () => {
  // Months of service, whether the client left then, and how many clients.
  const spells = [[1, 1, 6], [1, 0, 3], [2, 1, 9], [2, 0, 4], [3, 1, 5], [3, 0, 20]];
  const rows = [1, 2, 3].flatMap((month) =>
    spells.filter(([stop = 0]) => stop >= month).map(([stop = 0, event = 0, clients = 0]) => [
      Number(stop === month && event === 1),
      clients,
      Number(month === 2),
      Number(month === 3),
    ])
  );
  const [base = 0, second = 0, third = 0] = await fit(rows, [0, 0, 0], 0);
  const left = [base, base + second, base + third].map((eta) => 1 / (1 + Math.exp(-eta)));
  const survival = left.map((_, at) => left.slice(0, at + 1).reduce((s, p) => s * (1 - p), 1));
  const curve = await database()<{ survival: number }[]>`
    select survival from private.kaplan_meier(${spells.map(() => 0)}::int[], ${
    spells.map(([stop = 0]) => stop)
  }::int[], ${spells.map(([, event = 0]) => event)}::int[], ${
    spells.map(([, , clients = 0]) => clients)
  }::bigint[]) order by "time"`;
  close(survival, curve.map((row) => Number(row.survival)), 1e-8);
});
