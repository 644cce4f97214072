import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, type Caller, expectStatus } from "../support/http.ts";
import { storeLeads } from "../support/lead_rows.ts";
import { newOffice } from "../support/office.ts";
import { newOrganization } from "../support/people.ts";
import { stagesOf } from "../support/stages.ts";

interface Figure {
  stage: string;
  label: string;
  count: number;
  value: string;
  position: number;
}

async function summaryOf(session: Caller): Promise<Figure[]> {
  return expectStatus(await call(session, "GET", "/pipeline/summary"), 200);
}

Deno.test("GET /pipeline/summary counts the leads within the caller's reach, and their value", async () => {
  const { organization, admin, manager, counselor: first, colleague: second, stranger } =
    await newOffice();
  await storeLeads(organization, 3, { assigned_to: first.userId, value: 10 });
  await storeLeads(organization, 2, { assigned_to: second.userId, value: 5, status: "won" });
  await storeLeads(organization, 4, { assigned_to: stranger.userId, value: 1 });
  const [gone] = await storeLeads(organization, 1, { value: 1_000 });
  await withDatabase((sql) =>
    sql`update public.leads set deleted_at = now() where id = ${gone ?? ""}`
  );
  const figures = async (session: Caller) =>
    (await summaryOf(session)).filter(({ count }) => count > 0)
      .map(({ stage, count, value }) => [stage, count, value]);
  assert.deepEqual(await figures(admin), [["new", 7, "34.00"], ["won", 2, "10.00"]]);
  assert.deepEqual(await figures(manager), [["new", 3, "30.00"], ["won", 2, "10.00"]]);
  assert.deepEqual(await figures(first), [["new", 3, "30.00"]]);
  assert.deepEqual(await figures(stranger), [["new", 4, "4.00"]]);
  const summary = await summaryOf(admin);
  assert.deepEqual(
    summary.map(({ stage, label, position }) => [stage, label, position]),
    (await stagesOf(admin)).map(({ key, label, position }) => [key, label, position]),
  );
  assert.deepEqual((await summaryOf((await newOrganization()).admin)).map(({ count }) => count), [
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
});
