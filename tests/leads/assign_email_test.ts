import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { mailed, storeLead, told } from "../support/lead_rows.ts";
import { assign } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";

Deno.test("POST /leads/{id}/resend-email queues the assignment's e-mail again, once a minute", async () => {
  const { organization, admin, manager, counselor: first, stranger } = await newOffice();
  const id = await storeLead(organization, { assigned_to: null });
  const path = `/leads/${id}/resend-email`;
  expectProblem(await call(admin, "POST", path), 409, "not_assigned");
  const body = { assigned_to: first.userId, note: "Call before noon" };
  expectStatus(await call(admin, "POST", `/leads/${id}/assign`, body), 200);
  const key = { "idempotency-key": crypto.randomUUID() };
  const queued = expectStatus<{ email_id: string; to: string }>(
    await call(manager, "POST", path, undefined, key),
    202,
  );
  assert.equal(queued.to, first.email);
  assert.deepEqual(
    expectStatus(await call(manager, "POST", path, undefined, key), 202),
    queued,
    "a repeat answers alike",
  );
  const mails = await mailed(first.userId);
  assert.equal(mails.length, 2);
  assert.match(mails[1]?.event_key ?? "", /^assignment:[\w-]+:again:[\w-]+$/);
  assert.equal(mails[1]?.data.note, "Call before noon");
  const soon = await call(admin, "POST", path);
  expectProblem(soon, 429, "rate_limited");
  const waits = Number(soon.headers.get("retry-after"));
  assert(waits > 0 && waits <= 60, `retry-after: ${waits}`);
  await withDatabase((sql) =>
    sql`update public.emails set created_at = created_at - interval '61 seconds'
      where user_id = ${first.userId}`
  );
  expectStatus(await call(admin, "POST", path), 202);
  expectProblem(await call(first, "POST", path), 403, "permission_denied");
  const theirs = await storeLead(organization, { assigned_to: stranger.userId });
  expectProblem(await call(manager, "POST", `/leads/${theirs}/resend-email`), 404, "not_found");
  expectProblem(await call(admin, "POST", `/leads/${missing}/resend-email`), 404, "not_found");
});

Deno.test("No e-mail about an assignment is sent again to a person who turned them off", async () => {
  const { organization, admin, counselor: first } = await newOffice();
  const id = await storeLead(organization);
  await withDatabase((sql) =>
    sql`insert into public.notification_preferences (organization_id, user_id, kind, email)
      values (${organization.id}, ${first.userId}, 'assignment', false)`
  );
  await assign(admin, id, first.userId);
  expectProblem(await call(admin, "POST", `/leads/${id}/resend-email`), 409, "not_by_email");
  assert.deepEqual(await mailed(first.userId), []);
  assert.equal((await told(first.userId)).length, 1);
});
