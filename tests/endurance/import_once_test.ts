import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { withTableLocked } from "../support/ddl.ts";
import { expectStatus, patiently } from "../support/http.ts";
import { startJob } from "../support/jobs.ts";
import {
  ended,
  errorLines,
  imported,
  importOf,
  leadsOf,
  previewed,
  started,
} from "../support/lead_import.ts";
import { addMember, newOrganization } from "../support/people.ts";
import { until } from "../support/wait.ts";

const phone = (index: number) => `+2332440${String(index).padStart(5, "0")}`;

/** A file in which every tenth row has the number of the row nine before it, and every hundredth is faulty. */
function file(rows: number): string {
  return "name,phone\n" +
    Array.from(
      { length: rows },
      (_, index) =>
        `Lead ${index},${
          index % 100 === 99 ? "12" : phone(index % 10 === 9 ? index - 9 : index)
        }\n`,
    ).join("");
}

Deno.test("an import whose runner is lost again and again ends with every row exactly once", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  const rows = 8_000;
  const importId = await started(admin, await previewed(admin, file(rows)));
  const steal = () =>
    withDatabase((sql) =>
      sql`update private.lead_import_runs set runner = gen_random_uuid(), leased_until = now() - interval '1 second'
        where import_id = ${importId} returning next_position`
    );
  let stolen = 0;
  await until(async () => {
    const { status, processed } = await importOf(admin, importId);
    if (status === "done") return true;
    assert.ok(["queued", "running"].includes(status), status);
    if (processed >= stolen * 2_000) {
      stolen += (await steal()).length;
      await Promise.all([
        startJob("import-leads"),
        startJob("import-leads"),
        startJob("import-leads"),
      ]);
    }
    return false;
  }, { what: "the import", timeoutMs: 300_000 });
  assert.ok(stolen >= 3, `taken away ${stolen} times`);
  const result = await importOf(admin, importId);
  assert.deepEqual(
    [result.processed, result.created, result.skipped, result.invalid],
    [rows, rows * 0.9, rows * 0.09, rows * 0.01],
    JSON.stringify(result),
  );
  const leads = await leadsOf(id);
  assert.equal(leads.length, rows * 0.9);
  assert.equal(new Set(leads.map((lead) => lead.phone)).size, rows * 0.9);
  const lines = await errorLines(admin, importId);
  assert.equal(lines.length - 1, rows * 0.1);
  assert.equal(new Set(lines.map((line) => line.split(",")[0])).size, lines.length);
  const left = await withDatabase((sql) =>
    sql`select (select count(*)::int from private.lead_import_rows where import_id = ${importId}) as rows,
      (select count(*)::int from private.lead_uploads where organization_id = ${id}) as uploads,
      (select count(*)::int from public.notifications where organization_id = ${id} and kind = 'import_finished') as notices`
  );
  assert.deepEqual({ ...left[0] }, { rows: 0, uploads: 0, notices: 1 });
});

Deno.test("an import that is cancelled keeps what it has done, and does no more", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  const importId = await started(admin, await previewed(admin, file(10_000)));
  await until(async () => (await importOf(admin, importId)).processed > 0, { what: "some rows" });
  const canceled = expectStatus<{ status: string; created: number }>(
    // It waits for the slice under way, which on a busy machine may take longer than a request has.
    await patiently(admin, "POST", `/leads/import/${importId}/cancel`),
    200,
  );
  assert.equal(canceled.status, "canceled");
  await startJob("import-leads");
  assert.ok(canceled.created > 0 && canceled.created < 9_000, `${canceled.created}`);
  assert.equal((await leadsOf(id)).length, canceled.created);
  assert.equal((await importOf(admin, importId)).status, "canceled");
});

Deno.test("a person who may not import any more does not go on importing", async () => {
  const organization = await newOrganization({ country: "GH" });
  const { admin } = organization;
  const manager = await addMember(organization, "manager");
  const importId = await started(manager, await previewed(manager, file(10_000)));
  await until(async () => (await importOf(admin, importId)).processed > 0, { what: "some rows" });
  await withDatabase((sql) =>
    sql`update public.memberships set status = 'suspended' where user_id = ${manager.userId}`
  );
  const result = await ended(admin, importId);
  assert.equal(result.status, "failed");
  assert.ok(result.created < 9_000);
});

Deno.test("two imports of the same people at the same moment make each of them once", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  const content = "name,phone\n" +
    Array.from({ length: 1_500 }, (_, index) => `Lead ${index},${phone(index)}\n`).join("");
  const results = await Promise.all([imported(admin, content), imported(admin, content)]);
  assert.equal(results[0].created + results[1].created, 1_500);
  assert.equal(results[0].skipped + results[1].skipped, 1_500);
  assert.equal((await leadsOf(id)).length, 1_500);
});

Deno.test("a row that the database refuses spoils no other row of its slice", async () => {
  const { id, admin } = await newOrganization({ country: "GH" });
  await withTableLocked((sql) =>
    sql.unsafe(`
      create or replace function private.refuse_for_test() returns trigger language plpgsql set search_path = '' as $$
      begin
        if new.first_name = 'Refused by the test' then
          raise exception 'refused' using errcode = '23514';
        end if;
        return new;
      end $$;
      drop trigger if exists refuse_for_test on public.leads;
      create trigger refuse_for_test before insert on public.leads for each row execute function private.refuse_for_test();`)
  );
  try {
    const result = await imported(
      admin,
      "first name,phone\nA,0244000001\nRefused by the test,0244000002\nB,0244000003\n",
    );
    assert.deepEqual([result.created, result.invalid], [2, 1], JSON.stringify(result));
    assert.match((await errorLines(admin, result.id))[1] ?? "", /^3,invalid,A value of this row/);
  } finally {
    await withTableLocked((sql) =>
      sql.unsafe(
        "drop trigger refuse_for_test on public.leads; drop function private.refuse_for_test()",
      )
    );
  }
  assert.equal((await leadsOf(id)).length, 2);
});
