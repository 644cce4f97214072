import assert from "node:assert/strict";
import { dice, SEED, tries } from "../support/dice.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import type { Session } from "../support/people.ts";
import { imagine } from "../support/report_dice.ts";
import { type Definition, evaluate, type Expected, type Period } from "../support/report_model.ts";
import { type Model, modelOf, type Role } from "../support/report_model_data.ts";
import { newReportOffice, type ReportOffice } from "../support/report_office.ts";
import { assertFiles } from "../support/report_files.ts";
import { ended, fetchFile, type PreviewBody } from "../support/reports.ts";
import { until } from "../support/wait.ts";

/** Rounding: to two digits of money, to six of any other figure. */
function same(ours: unknown, model: unknown): boolean {
  if (ours === null || model === null || model === undefined) return ours === (model ?? null);
  if (Array.isArray(ours)) return JSON.stringify(ours) === JSON.stringify(model);
  if (typeof model === "number") {
    return Math.abs(Number(ours) - model) <= 1.1e-6 * Math.max(1, Math.abs(model));
  }
  if (/^-?\d+\.\d\d$/.test(String(model))) return Math.abs(Number(ours) - Number(model)) < 0.011;
  return ours === model;
}

function assertCells(ours: unknown[], model: unknown[], where: string): void {
  const equal = ours.length === model.length && ours.every((cell, at) => same(cell, model[at]));
  assert(equal, `${where}: ${JSON.stringify(ours)} instead of ${JSON.stringify(model)}`);
}

const cellsOf = (body: PreviewBody, values: Record<string, unknown>) =>
  body.columns.filter(({ id }) => id in values).map(({ id }) => values[id]);

function assertPreview(body: PreviewBody, expected: Expected, where: string): void {
  assert.equal(body.row_count, expected.rowCount, `${where}: rows`);
  assert.equal(body.records, expected.records, `${where}: records`);
  const rows = expected.rows.slice(0, 100);
  assert.equal(body.preview_data.length, rows.length, `${where}: rows of the preview`);
  rows.forEach((cells, at) => {
    assertCells(cellsOf(body, body.preview_data[at] ?? {}), cells, `${where}, row ${at}`);
  });
  const subtotals = expected.subtotals.filter(({ after }) => after <= 100);
  assert.equal(body.subtotals.length, subtotals.length, `${where}: subtotals`);
  subtotals.forEach(({ level, after, cells }, at) => {
    const ours = body.subtotals[at];
    assert.deepEqual(
      [ours?.level, ours?.after],
      [level, after],
      `${where}, place of subtotal ${at}`,
    );
    assertCells(cellsOf(body, ours?.values ?? {}), cells, `${where}, subtotal ${at}`);
  });
  assertCells(cellsOf(body, body.totals), expected.total, `${where}, total`);
}

function periodOf({ period }: PreviewBody, field: string): Period | null {
  return period && {
    field,
    from: Date.parse(period.from),
    to: Date.parse(period.to),
    previousFrom: Date.parse(period.previous_from),
    previousTo: Date.parse(period.previous_to),
  };
}

/** The answer to a request; hundreds of one person are more than the limit grants at once. */
const posted = (session: Session, path: string, body: unknown) =>
  until(async () => {
    const given = await call(session, "POST", path, body);
    return given.status !== 429 && given;
  }, { what: `${path} within the limit` });

/** Exports a definition as CSV and as a workbook, which must hold what its preview shows. */
async function compareFiles(session: Session, definition: Definition): Promise<void> {
  const built = await posted(session, "/reports/build", { name: "Random", ...definition });
  if (built.status === 403) return;
  const body = expectStatus<PreviewBody>(built, 201);
  // A preview of more rows shows a part of them.
  if (body.row_count > 100) return;
  const [csv, xlsx] = await Promise.all(["csv", "xlsx"].map(async (format) => {
    const asked = await posted(session, "/reports/export", { report_id: body.report_id, format });
    const run = await ended(session, expectStatus<{ run_id: string }>(asked, 202).run_id);
    return await fetchFile(session, run.download_url ?? assert.fail(JSON.stringify(definition)));
  }));
  try {
    assertFiles(body, csv ?? assert.fail(), xlsx ?? assert.fail());
  } catch (error) {
    throw new Error(`The files of ${JSON.stringify(definition)} differ.`, { cause: error });
  }
}

/** Of how many definitions one is exported. */
const filesOf = 5;

async function compare(
  { zone }: ReportOffice,
  model: Model,
  { role, session, definition }: { role: Role; session: Session; definition: Definition },
): Promise<void> {
  const where = `${role}: ${JSON.stringify(definition)}`;
  const answer = await posted(session, "/reports/preview", definition);
  if (model[definition.source]?.rows(role) === null) {
    expectProblem(answer, 403, "permission_denied");
    return;
  }
  assert.equal(answer.status, 200, `${where}: ${JSON.stringify(answer.body)}`);
  const body = expectStatus<PreviewBody>(answer, 200);
  const period = periodOf(body, definition.period?.field ?? "");
  const world = { model, role, me: session.userId, zone, period, now: Date.now() };
  const expected = evaluate(world, definition);
  assert(expected !== null);
  assertPreview(body, expected, where);
}

for (const [index, zone] of ["Asia/Kathmandu", "America/New_York"].entries()) {
  Deno.test(`Random reports over random rows are what a naive evaluation gives, for each role, and files hold the same, in ${zone} (seed ${SEED})`, async () => {
    const roll = dice(SEED + index);
    const office = await newReportOffice(roll, { zone });
    const model = await modelOf(office);
    const people: [Role, Session][] = [
      ["admin", office.admin],
      ["manager", office.manager],
      ["counselor", office.counselor],
    ];
    for (let turn = 0; turn < tries(15, 200); turn++) {
      const definition = imagine({ roll, model, zone });
      for (const [role, session] of people) {
        await compare(office, model, { role, session, definition });
      }
      if (turn % filesOf === 0 && turn < 25 * filesOf) await compareFiles(office.admin, definition);
    }
  });
}
