import assert from "node:assert/strict";
import { withClient } from "../support/client.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { newOrganization } from "../support/people.ts";

/* Lists of many thousands. */

/** Writes leads without triggers: only their number matters here. */
async function addLeads(organization: string, name: string, count: number): Promise<void> {
  await database().begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`insert into public.leads (organization_id, first_name, status, furthest_status, currency)
      select ${organization}, ${name} || n, 'new', 'new', 'GHS' from generate_series(1, ${count}::int) n`;
  });
}

Deno.test("a long list is read to its end, also by a loop that changes what it filters", async () => {
  const { id, admin } = await newOrganization();
  await addLeads(id, "Lead ", 10_101);
  await withClient(admin, async ({ list }) => {
    const seen = new Set<string>();
    for await (const lead of list("/leads", { status: "new" })) {
      seen.add(lead.id);
      if (seen.size % 100 !== 50) continue;
      const latest = [...seen].slice(-50);
      await database()`update public.leads set status = 'contacted' where id = any (${latest}::uuid[])`;
    }
    assert.equal(seen.size, 10_101);
  });
});

Deno.test("GET /leads/export goes on over thousands of leads; a workbook that would be too large is refused", async () => {
  const organization = await newOrganization({ country: "GH" });
  await addLeads(organization.id, "Lead ", 2_500);
  const file = expectStatus<string>(await call(organization.admin, "GET", "/leads/export"), 200);
  const lines = file.trimEnd().split("\r\n");
  assert.equal(lines.length, 2_501);
  assert.equal(new Set(lines.map((line) => line.split(",")[0])).size, 2_501);
  await addLeads(organization.id, "More ", 47_501);
  expectProblem(
    await call(organization.admin, "GET", "/leads/export?format=xlsx"),
    422,
    "too_many_rows",
  );
  const some = await call(organization.admin, "GET", "/leads/export?format=xlsx&search=more%2017");
  assert.equal(some.status, 200);
});
