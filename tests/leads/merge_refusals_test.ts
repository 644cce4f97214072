import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { leadRow, storeLead, storeLeads } from "../support/lead_rows.ts";
import { merge, move } from "../support/leads.ts";
import { all, countOf, equip } from "../support/merging.ts";
import { newOffice } from "../support/office.ts";
import { addMember, newOrganization } from "../support/people.ts";

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";

Deno.test("Merging a second time says where the lead went; a third one follows it", async () => {
  const { organization, admin } = await newOffice();
  const [a = "", b = "", c = ""] = await storeLeads(organization, 3);
  await move(admin, c, "contacted");
  await merge(admin, b, c);
  for (const [lead, duplicate_id] of [[b, c], [c, b]]) {
    const again = await call(admin, "POST", `/leads/${lead}/merge`, { duplicate_id });
    expectProblem(again, 409, "already_merged");
    assert.equal((again.body as { merged_into: string }).merged_into, b);
  }
  const third = await call(admin, "POST", `/leads/${a}/merge`, { duplicate_id: c });
  expectProblem(third, 404, "not_found");
  await merge(admin, b, a);
  assert.equal((await leadRow(c))["merged_into"], a, "the first merge leads on");
  const origins = await withDatabase(async (sql) =>
    [
      ...await sql`select merged_from from public.lead_history where lead_id = ${a}`,
    ].map((row) => row["merged_from"])
  );
  assert.deepEqual(origins, [c]);
});

Deno.test("A lead cannot be merged with itself, with nothing, or with what is not the caller's", async () => {
  const { organization, admin, manager, counselor: first, stranger } = await newOffice();
  const [older = "", younger = ""] = await storeLeads(organization, 2, {
    assigned_to: first.userId,
  });
  const far = await storeLead(organization, { assigned_to: stranger.userId });
  const path = `/leads/${older}/merge`;
  const self = await call(admin, "POST", path, { duplicate_id: older });
  assert.deepEqual(expectProblem(self, 422, "invalid_field").errors?.map((e) => e.path), [
    "duplicate_id",
  ]);
  for (const body of [{}, { duplicate_id: "x" }, { duplicate_id: null }]) {
    expectProblem(await call(admin, "POST", path, body), 422, "invalid_field");
  }
  const outsider = await newOrganization();
  const foreign = await storeLead(outsider);
  for (const duplicate_id of [missing, foreign]) {
    expectProblem(await call(admin, "POST", path, { duplicate_id }), 404, "not_found");
    const other = `/leads/${duplicate_id}/merge`;
    expectProblem(await call(admin, "POST", other, { duplicate_id: older }), 404, "not_found");
  }
  expectProblem(await call(manager, "POST", path, { duplicate_id: far }), 404, "not_found");
  const body = { duplicate_id: younger };
  expectProblem(await call(first, "POST", path, body), 403, "permission_denied");
  const viewer = await addMember(organization, "viewer");
  expectProblem(await call(viewer, "POST", path, body), 403, "permission_denied");
  assert.equal((await leadRow(younger))["deleted_at"], null);
  await merge(manager, older, younger);
});

Deno.test("A merge with one Idempotency-Key answers a repeat alike; merges at the same moment happen once", async () => {
  const { organization, admin } = await newOffice();
  const [a = "", b = "", c = "", d = ""] = await storeLeads(organization, 4);
  const key = { "idempotency-key": crypto.randomUUID() };
  const body = { duplicate_id: b };
  const once = expectStatus(await call(admin, "POST", `/leads/${a}/merge`, body, key), 200);
  assert.deepEqual(
    expectStatus(await call(admin, "POST", `/leads/${a}/merge`, body, key), 200),
    once,
  );
  await equip(organization, d);
  const answers = await Promise.all([
    ...Array.from(
      { length: 4 },
      () => call(admin, "POST", `/leads/${c}/merge`, { duplicate_id: d }),
    ),
    ...Array.from(
      { length: 4 },
      () => call(admin, "POST", `/leads/${d}/merge`, { duplicate_id: c }),
    ),
  ]);
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const answer of answers.filter(({ status }) => status !== 200)) {
    expectProblem(answer, 409, "already_merged");
  }
  assert.deepEqual(await countOf(c), all(1));
});
