import assert from "node:assert/strict";
import { asSuperuser, seal, verify } from "../support/audit.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization } from "../support/people.ts";
import { until } from "../support/wait.ts";

async function sealedOrganization() {
  const organization = await newOrganization();
  for (const name of ["North", "South", "East"]) {
    expectStatus(await call(organization.admin, "POST", "/admin/teams", { name }), 201);
  }
  await seal();
  const rows = await database()<{ id: string }[]>`
    select id from public.audit_logs where organization_id = ${organization.id} order by id`;
  return { organization, ids: rows.map(({ id }) => id) };
}

Deno.test("GET /admin/audit-logs and /{id} have the old shapes, as GET /audit-logs", async () => {
  const organization = await newOrganization();
  expectStatus(await call(organization.admin, "POST", "/admin/teams", { name: "North" }), 201);
  const pages = await Promise.all(
    ["/admin/audit-logs", "/audit-logs"].map((path) =>
      call(organization.admin, "GET", `${path}?resource=teams&page=1&limit=5`)
    ),
  );
  const [admin, plain] = pages.map((answer) =>
    expectStatus<{ logs: { id: string }[]; total: number; page: number; limit: number }>(
      answer,
      200,
    )
  );
  assert.deepEqual(admin, plain);
  assert.deepEqual([admin?.total, admin?.page, admin?.limit], [1, 1, 5]);
  const entry = await call(organization.admin, "GET", `/admin/audit-logs/${admin?.logs[0]?.id}`);
  assert.equal(expectStatus<{ after: { name: string } }>(entry, 200).after.name, "North");
});

Deno.test("A superuser who changes, deletes or inserts an entry is found, and the entry is named", async () => {
  const { organization, ids } = await sealedOrganization();
  const whole = await verify(organization);
  assert.deepEqual([whole.status, whole.verified_entries], ["whole", ids.length]);
  assert.match(whole.seal_hash ?? "", /^[0-9a-f]{64}$/);
  const victim = ids[2] ?? "";
  const [before] = await database()`select * from public.audit_logs where id = ${victim}`;
  await asSuperuser((tx) =>
    tx`update public.audit_logs set after = after || '{"name": "Nobody"}' where id = ${victim}`
  );
  assert.deepEqual((await verify(organization)).fault, { entry_id: victim, fault: "changed" });
  await asSuperuser((tx) =>
    tx`update public.audit_logs set after = ${tx.json(before?.["after"])} where id = ${victim}`
  );
  assert.equal((await verify(organization)).status, "whole", "as it was, it is whole again");
  await asSuperuser((tx) => tx`delete from public.audit_logs where id = ${victim}`);
  assert.deepEqual((await verify(organization)).fault, { entry_id: victim, fault: "deleted" });
});

Deno.test("An entry that is inserted later with an earlier time is found", async () => {
  const { organization } = await sealedOrganization();
  const [inserted] = await database()<{ id: string }[]>`
    insert into public.audit_logs (id, organization_id, action, resource)
    select private.uuid_v7(h.sealed_until - interval '1 millisecond'), ${organization.id}, 'delete', 'leads'
    from private.audit_horizon h returning id`;
  const { status, fault } = await verify(organization);
  assert.deepEqual([status, fault], ["tampered", { entry_id: inserted?.id, fault: "inserted" }]);
});

Deno.test("The chain grows, and a part of it can be verified", async () => {
  const { organization } = await sealedOrganization();
  const first = await verify(organization);
  expectStatus(await call(organization.admin, "POST", "/admin/teams", { name: "West" }), 201);
  await seal();
  const both = await verify(organization);
  assert.deepEqual([both.status, both.to_seal], ["whole", (first.to_seal ?? 0) + 1]);
  assert.deepEqual(
    (await verify(organization, "?from_seal=1&to_seal=1")).seal_hash,
    first.seal_hash,
  );
  const kept = `?to_seal=1&expected_hash=${first.seal_hash}`;
  assert.equal((await verify(organization, kept)).status, "whole");
  const other = await verify(organization, `?to_seal=2&expected_hash=${first.seal_hash}`);
  assert.deepEqual(other.fault, { entry_id: null, fault: "seal_changed" });
  for (
    const query of [`?from_seal=${(both.to_seal ?? 0) + 1}`, `?expected_hash=${first.seal_hash}`]
  ) {
    const path = `/admin/audit-logs/verify${query}`;
    expectProblem(await call(organization.admin, "GET", path), 422, "invalid_field");
  }
  const last = await verify(organization, `?from_seal=${both.to_seal}`);
  assert.deepEqual([last.status, last.seal_hash], ["whole", both.seal_hash]);
  const viewer = await addMember(organization, "viewer");
  expectProblem(
    await call(viewer, "GET", "/admin/audit-logs/verify"),
    403,
    "permission_denied",
  );
});

Deno.test("Refusals at the admin's console are in the audit log, with who and what", async () => {
  const organization = await newOrganization();
  const viewer = await addMember(organization, "viewer");
  const path = `/admin/users/${organization.admin.userId}`;
  expectProblem(await call(viewer, "PATCH", path, { role: "viewer" }), 403, "permission_denied");
  const entry = await until(async () => {
    const log = await call(organization.admin, "GET", "/audit-logs?action=refused");
    return expectStatus<{ logs: { id: string; user_id: string }[] }>(log, 200).logs[0];
  }, { what: "the entry of the refusal" });
  assert.equal(entry.user_id, viewer.userId);
  const detail = await call(organization.admin, "GET", `/audit-logs/${entry.id}`);
  const { after } = expectStatus<{ after: { operation: string } }>(detail, 200);
  assert.equal(after.operation, "PATCH /admin/users/{id}");
});
