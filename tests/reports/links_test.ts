import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  addMember,
  addMemberWith,
  newOrganization,
  type Session,
  uniqueAddress,
} from "../support/people.ts";
import { build, exported } from "../support/reports.ts";
import { functionUrl } from "../support/stack.ts";

interface LinkBody {
  id: string;
  url: string | null;
  expires_at: string;
  revoked_at: string | null;
  downloads: number;
  last_address: string | null;
}

const allow = async (admin: Session, outside_links = true) =>
  expectStatus(await call(admin, "PATCH", "/reports/settings", { outside_links }), 200);

/** An organization that allows links, and a file. */
async function withFile() {
  const organization = await newOrganization();
  const { admin } = organization;
  await allow(admin);
  const { report_id } = await build(admin, { fields: ["leads.source"] });
  const { run, bytes } = await exported(admin, report_id, "csv");
  return { organization, admin, run, bytes };
}

const makeLink = async (admin: Session, run: string, body: unknown = {}) =>
  expectStatus<LinkBody>(await call(admin, "POST", `/reports/runs/${run}/links`, body), 201);

/** Opens a link as somebody without an account does. */
async function open(url: string | null): Promise<{ status: number; bytes: Uint8Array }> {
  const response = await fetch(url ?? "", { headers: uniqueAddress() });
  return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
}

Deno.test("A link opens the file without an account, until it is revoked; its uses are counted with their addresses", async () => {
  const { admin, run, bytes } = await withFile();
  const link = await makeLink(admin, run.id, { note: "Auditor", hours: 2 });
  assert.match(link.url ?? "", /\/reports\/shared\?token=[0-9a-f]{64}$/);
  const opened = await open(link.url);
  assert.deepEqual([opened.status, opened.bytes], [200, bytes]);
  await open(link.url);
  const list = expectStatus<LinkBody[]>(
    await call(admin, "GET", `/reports/runs/${run.id}/links`),
    200,
  );
  assert.deepEqual(list.map(({ id, downloads }) => [id, downloads]), [[link.id, 2]]);
  assert.match(list[0]?.last_address ?? "", /^2001:db8:/);
  const audited = expectStatus<{ logs: { id: string; user_id: string | null }[] }>(
    await call(
      admin,
      "GET",
      `/admin/audit-logs?resource=report_runs&resource_id=${run.id}&action=exported`,
    ),
    200,
  );
  assert.deepEqual(audited.logs.map(({ user_id }) => user_id), [null, null, admin.userId]);
  const revoked = expectStatus<LinkBody>(
    await call(admin, "DELETE", `/reports/links/${link.id}`),
    200,
  );
  assert(revoked.revoked_at !== null);
  assert.equal((await open(link.url)).status, 404);
});

Deno.test("No link is made to a file that was withdrawn or has expired: it would open nothing", async () => {
  const { admin, run } = await withFile();
  const sql = database();
  await sql`update public.report_runs set file_withdrawn_at = now() where id = ${run.id}`;
  const refused = () => call(admin, "POST", `/reports/runs/${run.id}/links`, {});
  expectProblem(await refused(), 409, "no_file");
  // Shortly before the job deletes it.
  await sql`update public.report_runs set file_withdrawn_at = null,
    finished_at = now() - interval '30 days' - interval '1 minute' where id = ${run.id}`;
  expectProblem(await refused(), 409, "no_file");
});

Deno.test("A link that is unknown, expired or no longer allowed looks the same", async () => {
  const { admin, run, organization } = await withFile();
  const sql = database();
  const unknown = await fetch(functionUrl(`/reports/shared?token=${"0".repeat(64)}`));
  const expected = { ...await unknown.json(), request_id: "" };
  assert.equal(unknown.status, 404);
  const refuses = async (url: string | null, why: string) => {
    const response = await fetch(url ?? "", { headers: uniqueAddress() });
    assert.deepEqual({ ...await response.json(), request_id: "" }, expected, why);
  };
  const expired = await makeLink(admin, run.id);
  await sql`update public.report_links set expires_at = now() where id = ${expired.id}`;
  await refuses(expired.url, "expired");
  const link = await makeLink(admin, run.id);
  await allow(admin, false);
  await refuses(link.url, "the organization allows none any more");
  await allow(admin);
  assert.equal((await open(link.url)).status, 200);
  await sql`update public.organizations set standing = 'suspended' where id = ${organization.id}`;
  await refuses(link.url, "the organization is suspended");
  await sql`update public.organizations set standing = 'approved' where id = ${organization.id}`;
  await addMember(organization, "admin");
  await sql`update public.memberships set status = 'suspended' where user_id = ${admin.userId}`;
  await refuses(link.url, "its maker was suspended");
  const malformed = await fetch(functionUrl("/reports/shared?token=x"));
  assert.equal(malformed.status, 422);
  await malformed.body?.cancel();
});

/** The permission of this person's own role, which another scope or no scope ends. */
async function setScope({ userId }: Session, permission: string, scope: string | null) {
  await database()`
    with role as (select m.role_id from public.memberships m where m.user_id = ${userId}), gone as (
      delete from public.role_permissions p using role
      where p.role_id = role.role_id and p.permission = ${permission} and ${scope}::text is null
    )
    insert into public.role_permissions (role_id, permission, scope)
    select role.role_id, ${permission}, ${scope} from role where ${scope}::text is not null
    on conflict (role_id, permission) do update set scope = excluded.scope`;
}

Deno.test("A link ends with the right of its maker to share with all, and with the rights that the run's owner needs", async () => {
  const organization = await newOrganization();
  await allow(organization.admin);
  const owner = await addMemberWith(organization, [
    "reports:read",
    "reports:write",
    "reports:export",
    "reports:share",
    "leads:read",
    "leads:export",
  ]);
  const maker = await addMemberWith(organization, ["reports:read", "reports:share"]);
  const { report_id } = await build(owner, { fields: ["leads.source"] });
  const { run } = await exported(owner, report_id, "csv");
  const { id, url } = await makeLink(owner, run.id);
  await database()`update public.report_links set created_by = ${maker.userId} where id = ${id}`;
  assert.equal((await open(url)).status, 200);
  for (
    const [person, permission, scope] of [
      [maker, "reports:share", "team"],
      [maker, "reports:share", null],
      [owner, "leads:read", null],
      [owner, "leads:export", "own"],
      [owner, "reports:export", null],
    ] as const
  ) {
    await setScope(person, permission, scope);
    assert.equal((await open(url)).status, 404, `${permission} ${scope}`);
    await setScope(person, permission, "organization");
    assert.equal((await open(url)).status, 200);
  }
});

Deno.test("Links are made only where the organization allows them, and by those who may share with all", async () => {
  const { organization, admin, run } = await withFile();
  await allow(admin, false);
  const path = `/reports/runs/${run.id}/links`;
  expectProblem(await call(admin, "POST", path, {}), 403, "outside_links_not_allowed");
  await allow(admin);
  const other = await addMember(organization, "admin");
  expectProblem(await call(other, "POST", path, {}), 404, "not_found");
  const manager = await addMember(organization, "manager");
  const own = await build(manager, { grouping: ["leads.source"] });
  const file = await exported(manager, own.report_id, "csv");
  const managers = await call(manager, "POST", `/reports/runs/${file.run.id}/links`, {});
  expectProblem(managers, 403, "permission_denied");
  expectProblem(await call(admin, "POST", path, { hours: 721 }), 422);
  expectProblem(await call(admin, "POST", path, { note: "two\nlines" }), 422, "invalid_field");
});

Deno.test("A token is stored as its hash only, and shown once", async () => {
  const { admin, run } = await withFile();
  const headers = { "idempotency-key": '"link"' };
  const path = `/reports/runs/${run.id}/links`;
  const first = expectStatus<LinkBody>(await call(admin, "POST", path, {}, headers), 201);
  const token = new URL(first.url ?? "").searchParams.get("token") ?? "";
  const repeat = expectStatus<LinkBody>(await call(admin, "POST", path, {}, headers), 201);
  assert.deepEqual([repeat.id, repeat.url], [first.id, null]);
  const [found] = await database()`
    select (select count(*)::int from public.report_links l where l::text like ${`%${token}%`}) as links,
      (select count(*)::int from public.audit_logs a where a.after::text like ${`%${token}%`}) as audited,
      (select count(*)::int from private.idempotency_keys k where k.response::text like ${`%${token}%`}) as answers`;
  assert.deepEqual({ ...found }, { links: 0, audited: 0, answers: 0 });
});

Deno.test("An admin finds and revokes the links to files of others, and sees nothing of the files", async () => {
  const { organization, admin } = await withFile();
  const manager = await addMemberWith(organization, [
    "reports:read",
    "reports:write",
    "reports:export",
    "reports:share",
    "leads:read",
    "leads:export",
  ]);
  const { report_id } = await build(manager, { fields: ["leads.source"] });
  const { run } = await exported(manager, report_id, "csv");
  const { id, url } = await makeLink(manager, run.id, { note: "Auditor" });
  const all = await call(admin, "GET", "/reports/links?limit=10");
  assert.equal(all.headers.get("x-total-count"), "1");
  const [found] = expectStatus<(LinkBody & { owner_id: string; run_id: string })[]>(all, 200);
  assert.deepEqual([found?.id, found?.owner_id, found?.run_id], [id, manager.userId, run.id]);
  await expectProblem(await call(manager, "GET", "/reports/links"), 403, "permission_denied");
  await expectProblem(await call(admin, "GET", `/reports/runs/${run.id}`), 404, "not_found");
  expectStatus(await call(admin, "DELETE", `/reports/links/${id}`), 200);
  assert.equal((await open(url)).status, 404);
});
