import assert from "node:assert/strict";
import { newOrganization } from "../support/people.ts";
import { build, ended, exportReport, fetchFile } from "../support/reports.ts";
import { stackUnderTest } from "../support/stack.ts";

Deno.test("Addresses in answers are those that people reach, not those of the functions' own network", async () => {
  const { admin } = await newOrganization();
  const { report_id } = await build(admin, { fields: ["leads.source"] });
  const id = await exportReport(admin, report_id, "csv");
  const { download_url } = await ended(admin, id);
  assert.equal(
    download_url,
    `${stackUnderTest().api_url}/functions/v1/reports/runs/${id}/file`,
  );
  assert((await fetchFile(admin, download_url ?? "")).length > 0);
});
