import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { startJob } from "../support/jobs.ts";
import { imported, importOf, leadsOf, previewed } from "../support/lead_import.ts";
import { newOrganization } from "../support/people.ts";
import { until } from "../support/wait.ts";

Deno.test("an import that no run can read stops no other, and is given up", async () => {
  const [theirs, ours] = [
    await newOrganization({ country: "GH" }),
    await newOrganization({ country: "GH" }),
  ];
  const { upload_id } = await previewed(theirs.admin, "name,phone\nAma,0244000001\n");
  const poisoned = await withDatabase(async (sql) => {
    const [row] = await sql`
      with import as (
        insert into public.lead_imports (organization_id, upload_id, file_name, mapping, columns, on_duplicate, source, total_rows, created_by)
        select organization_id, id, file_name, '{"0": 1}', columns, 'skip', 'test', total_rows, created_by
        from private.lead_uploads where id = ${upload_id} returning id, upload_id
      )
      insert into private.lead_import_runs (import_id, delimiter, header_row, width, named, is_unicode, pieces)
      select i.id, u.delimiter, u.header_row, u.width, u.named, u.is_unicode, 1
      from import i join private.lead_uploads u on u.id = i.upload_id returning import_id`;
    return String(row?.["import_id"]);
  });
  const result = await imported(ours.admin, "name,phone\nEsi,0244000002\n");
  assert.deepEqual([result.status, result.created], ["done", 1], JSON.stringify(result));
  await until(async () => {
    await withDatabase((sql) =>
      sql`update private.lead_import_runs set leased_until = now() - interval '1 second' where import_id = ${poisoned}`
    );
    await startJob("import-leads");
    return (await importOf(theirs.admin, poisoned)).status === "failed";
  }, { what: "the end of the import" });
  assert.equal((await leadsOf(theirs.id)).length, 0);
});
