import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as XLSX from "@e965/xlsx";
import { database } from "../support/db.ts";
import { newOrganization, type Organization } from "../support/people.ts";
import {
  die,
  freeze,
  frozenRows,
  keepPiece,
  leasedRun,
  type SteppedRun,
  undisturbed,
} from "../support/report_run_steps.ts";
import { build, ended, fetchFile } from "../support/reports.ts";
import { stackUnderTest } from "../support/stack.ts";

const count = 6_000;

async function withLeads(): Promise<Organization & { report_id: string }> {
  const organization = await newOrganization({ settings: { currency: "GHS" } });
  await database()`insert into public.leads (organization_id, first_name, source, value, currency, created_by)
    select ${organization.id}, 'Lead ' || i, 'web', i, 'GHS', ${organization.admin.userId} from generate_series(1, ${count}::int) i`;
  const { report_id } = await build(organization.admin, {
    fields: ["leads.first_name", "leads.value", "leads.created_at"],
    sorting: ["leads.value"],
  });
  return { ...organization, report_id };
}

async function upload(
  { id, organization }: SteppedRun,
  extension: string,
  bytes: Uint8Array,
): Promise<void> {
  const { api_url, secret_key } = stackUnderTest();
  const response = await fetch(
    `${api_url}/storage/v1/object/report-files/${organization}/${id}.${extension}`,
    {
      method: "POST",
      headers: {
        apikey: secret_key,
        authorization: `Bearer ${secret_key}`,
        "content-type": "application/octet-stream",
      },
      body: bytes as BodyInit,
    },
  );
  assert.equal(response.status, 200, await response.text());
}

/** What a runner has done before it dies. */
const steps = ["claimed", "frozen", "begun", "a slice", "all slices", "ended", "uploaded"] as const;

for (const format of ["csv", "xlsx"]) {
  Deno.test(`A runner that dies after any step leaves a run that another ends with the same ${format} file`, async () => {
    const { admin, report_id } = await withLeads();
    for (const [reached, step] of steps.entries()) {
      const run = await leasedRun(admin, report_id, format);
      const frozen = reached >= 1 ? await freeze(run) : null;
      if (frozen && reached >= 2) {
        const rows = await frozenRows(run);
        const begun = run.format.begin(frozen);
        await keepPiece(run, 0, begun, { position: 0 });
        let [state, from] = [begun.state, 0];
        const slices = reached === 2 ? 0 : reached === 3 ? 1 : Infinity;
        for (
          let at = 0;
          at < Math.min(rows.length, slices * run.format.rowsPerSlice);
          at += run.format.rowsPerSlice
        ) {
          const slice = rows.slice(at, at + run.format.rowsPerSlice);
          const piece = run.format.rows(frozen, state, slice);
          const position = slice.at(-1)?.[0] ?? 0;
          const kept = slice.filter(([, level]) => level === null).length;
          assert.equal(await keepPiece(run, from, piece, { position, rows: kept }), "writing");
          [state, from] = [piece.state, position];
        }
        if (reached >= 5) {
          const end = { bytes: run.format.end(frozen, state), state };
          await keepPiece(run, from, end, { position: from, ended: true });
        }
        if (reached >= 6) await upload(run, format, undisturbed(run.format, frozen, rows));
      }
      await die(run);
      const result = await ended(admin, run.id);
      assert.deepEqual([result.status, result.rows_written], ["ready", count], `after ${step}`);
      const file = await fetchFile(admin, result.download_url ?? "");
      assert.equal(
        createHash("sha256").update(file).digest("hex"),
        result.checksum,
        `after ${step}`,
      );
      if (frozen) {
        const expected = undisturbed(run.format, frozen, await frozenRows(run));
        assert(
          file.length === expected.length && file.every((byte, at) => byte === expected[at]),
          `after ${step}`,
        );
      }
      const workbook = XLSX.read(file, { type: "array", dense: true });
      const rows = XLSX.utils.sheet_to_json(workbook.Sheets[workbook.SheetNames[0] ?? ""] ?? {}, {
        header: 1,
      });
      assert.equal(rows.length, count + 1, `after ${step}`);
      const objects =
        await database()`select from storage.objects where name like ${`%${run.id}%`}`;
      assert.equal(objects.length, 1, "one file");
      const left = await database()`select from private.report_pieces where run_id = ${run.id}`;
      assert.equal(left.length, 0, "no pieces are left");
    }
  });
}

Deno.test("A runner that was taken for dead can do nothing to the run any more", async () => {
  const { admin, report_id } = await withLeads();
  const run = await leasedRun(admin, report_id, "csv");
  const frozen = await freeze(run);
  await die(run);
  await ended(admin, run.id);
  const late = await keepPiece(run, 0, run.format.begin(frozen), { position: 0 });
  assert.equal(late, "moved_on");
  const other = { ...run, runner: crypto.randomUUID() };
  const again = await leasedRun(admin, report_id, "csv");
  await freeze(again);
  assert.equal(
    await keepPiece({ ...again, runner: other.runner }, 0, run.format.begin(frozen), {
      position: 0,
    }),
    "moved_on",
  );
  await keepPiece(again, 0, run.format.begin(frozen), { position: 5_000, rows: 5_000 });
  const repeated = await keepPiece(again, 0, run.format.begin(frozen), {
    position: 5_000,
    rows: 5_000,
  });
  assert.equal(repeated, "moved_on", "a step that is repeated moves nothing");
  await database()`delete from public.report_runs where id = ${again.id}`;
});

Deno.test("A run that five runners leave without a step has failed, and says so", async () => {
  const { admin, report_id } = await withLeads();
  const run = await leasedRun(admin, report_id, "csv");
  await database()`update private.report_run_work set attempts = 5 where run_id = ${run.id}`;
  await die(run);
  const result = await ended(admin, run.id);
  assert.deepEqual([result.status, result.reason, result.download_url], [
    "failed",
    "interrupted",
    null,
  ]);
});
