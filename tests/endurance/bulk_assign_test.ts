import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { bulkAssign } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";

Deno.test("Ten thousand leads are shared out in one request", async () => {
  const { organization, admin, counselor: first, colleague: second, stranger } = await newOffice();
  const lead_ids = await withDatabase(async (sql) => {
    const rows = await sql<{ id: string }[]>`
      insert into public.leads (organization_id, first_name)
      select ${organization.id}, 'Lead ' || n from generate_series(1, 10000) n returning id`;
    return rows.map(({ id }) => id);
  });
  const among = [first.userId, second.userId, stranger.userId];
  const answer = await bulkAssign(admin, { lead_ids, strategy: "least_loaded", among });
  assert.equal(answer.assigned, 10_000);
  assert.deepEqual(Object.values(answer.by_user).sort(), [3333, 3333, 3334]);
});
