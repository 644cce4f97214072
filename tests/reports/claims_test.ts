import assert from "node:assert/strict";
import type postgres from "postgres";
import { database } from "../support/db.ts";
import { newOrganization } from "../support/people.ts";
import { build } from "../support/reports.ts";
import { leasedRun } from "../support/report_run_steps.ts";
import { until } from "../support/wait.ts";

Deno.test("Of an organization's runs two are worked on at a time, also when runners claim them at once", async () => {
  const { admin } = await newOrganization();
  const { report_id } = await build(admin, { fields: ["leads.source"] });
  const runs: string[] = [];
  for (let n = 0; n < 3; n++) runs.push((await leasedRun(admin, report_id, "csv")).id);
  const sql = database();
  // Two of the three wait, longer than the runs of any other test.
  await sql`
    update private.report_run_work set runner = null, leased_until = null, last_step_at = '2000-01-01'
    where run_id = any (${runs.slice(1)})`;
  const claim = async (tx: postgres.TransactionSql) => {
    const [row] = await tx`select private.claim_report_run(${crypto.randomUUID()}) ->> 'id' as id`;
    return String(row?.["id"]);
  };
  let second: Promise<string> | undefined;
  let settled = false;
  const first = await sql.begin(async (tx) => {
    const id = await claim(tx);
    second = sql.begin(async (other) => {
      const claimed = await claim(other);
      // The run of another test is left to the job.
      if (!runs.includes(claimed)) await other`rollback and chain`;
      return claimed;
    });
    second.finally(() => settled = true);
    await until(async () => {
      const [waiting] = await sql`
        select from pg_locks where locktype = 'advisory' and not granted and pid <> pg_backend_pid()`;
      return settled || waiting !== undefined;
    }, { what: "the other runner" });
    return id;
  });
  assert(runs.includes(first));
  assert(!runs.includes(await second ?? ""));
});
