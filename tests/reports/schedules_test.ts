import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { mailArrived, mailsTo } from "../support/mail.ts";
import {
  addMember,
  newOrganization,
  newTeam,
  uniqueAddress,
  uniqueEmail,
} from "../support/people.ts";
import { build, ended, fetchFile, type RunBody } from "../support/reports.ts";
import { until } from "../support/wait.ts";

interface ScheduleBody {
  id: string;
  schedule_id: string;
  status: string;
  pause_reason: string | null;
  next_run: string | null;
  owner_id: string;
  time_zone: string;
  recipients: string[];
  outside_recipients: number;
  last_run: { id: string; status: string } | null;
}

const grouped = {
  grouping: [{ field: "leads.source" }],
  aggregations: [{ function: "count" }],
  sorting: ["-count"],
};

/** An organization with leads, a report of them and a colleague. */
async function office() {
  const organization = await newOrganization({ name: "Ɔkwan School" });
  const { admin } = organization;
  const colleague = await addMember(organization, "manager");
  await database()`insert into public.leads (organization_id, first_name, source)
    select ${organization.id}, 'Ama', (array['fair', 'fair', 'website'])[1 + n % 3] from generate_series(0, 8) n`;
  const { report_id } = await build(admin, { name: "Leads by source", ...grouped });
  return { organization, admin, colleague, report_id };
}

async function schedule(
  caller: Caller,
  report_id: string,
  more: Record<string, unknown> = {},
): Promise<ScheduleBody> {
  const body = {
    report_id,
    frequency: "daily",
    time: "07:30",
    recipients: ["nobody@example.org"],
    format: "csv",
    ...more,
  };
  return expectStatus(await call(caller, "POST", "/reports/schedule", body), 201);
}

const schedules = async (caller: Caller) =>
  expectStatus<ScheduleBody[]>(await call(caller, "GET", "/reports/scheduled"), 200);

/** Makes a schedule due, as if its time had come, and runs the clock. */
async function becomeDue(id: string) {
  await database()`update public.report_schedules set next_run_at = now() - interval '1 minute' where id = ${id}`;
  await database()`select private.run_report_schedules()`;
}

/** The newest run of a schedule when it has ended. */
async function lastRun(caller: Caller, id: string): Promise<RunBody> {
  const found = await until(async () => {
    const one = (await schedules(caller)).find((schedule) => schedule.id === id);
    return one?.last_run ?? false;
  }, { what: "a run of the schedule" });
  return await ended(caller, found.id);
}

Deno.test("A scheduled report is mailed with its figures and chart, and a colleague who exports nothing takes the file until they are suspended", async () => {
  const { organization, admin, report_id } = await office();
  const colleague = await addMember(organization, "viewer");
  const made = await schedule(admin, report_id, { recipients: [colleague.email.toUpperCase()] });
  assert.deepEqual(
    [made.schedule_id, made.recipients, made.outside_recipients, made.time_zone],
    [made.id, [colleague.email], 0, "Africa/Accra"],
  );
  assert(Date.parse(made.next_run ?? "") > Date.now());
  await becomeDue(made.id);
  const run = await lastRun(admin, made.id);
  assert.equal(run.status, "ready");
  const [mail] = await mailArrived(colleague.email, /Report ready: Leads by source/);
  assert(mail);
  for (
    const said of ["As seen by: Test Person", "Leads: 9", "fair: 6", "website: 3", "Rows: 2"]
  ) {
    assert.match(mail.text, new RegExp(said));
  }
  assert.match(mail.html, /width:75%.*6<\/td>/s);
  const url = `/reports/runs/${run.id}`;
  assert.match(mail.text, new RegExp(url));
  const taken = await fetchFile(colleague, run.download_url ?? "");
  assert.equal(new TextDecoder().decode(taken), "Source,Leads\r\nfair,6\r\nwebsite,3\r\n");
  const seen = expectStatus<{ mailed: { address: string; status: string }[] }>(
    await call(admin, "GET", url),
    200,
  );
  assert.deepEqual(seen.mailed.map(({ address }) => address), [colleague.email]);
  const stranger = await addMember(organization, "manager");
  assert.equal((await call(stranger, "GET", `${url}/file`)).status, 404);
  await database()`update public.memberships set status = 'suspended' where user_id = ${colleague.userId}`;
  assert.equal((await call(colleague, "GET", `${url}/file`)).status, 403);
  assert.equal((await mailsTo(colleague.email)).length, 1);
});

Deno.test("Two clocks at once run each of many schedules once, and each recipient gets one mail", async () => {
  const { organization, admin, report_id } = await office();
  const sql = database();
  await sql`
    insert into public.report_schedules (organization_id, report_id, owner_id, frequency, local_time, time_zone, format,
      next_run_at)
    select ${organization.id}, ${report_id}, ${admin.userId}, 'daily', '07:00', 'Africa/Accra', 'csv',
      now() - interval '1 minute' from generate_series(1, 40)`;
  await sql`
    insert into public.report_recipients (organization_id, schedule_id, user_id)
    select s.organization_id, s.id, ${admin.userId} from public.report_schedules s
    where s.organization_id = ${organization.id}`;
  await Promise.all([1, 2, 3].map(() => sql`select private.run_report_schedules()`));
  const counts = async () => {
    const [row] = await sql<{ runs: number; done: number; mails: number }[]>`
      select count(*)::int as runs, count(*) filter (where r.status = 'ready')::int as done, (
        select count(*) from public.emails e where e.organization_id = ${organization.id})::int as mails
      from public.report_runs r where r.organization_id = ${organization.id}`;
    return row;
  };
  await until(async () => (await counts())?.done === 40, { what: "all runs", timeoutMs: 120_000 });
  assert.deepEqual(await counts(), { runs: 40, done: 40, mails: 40 });
});

Deno.test("An owner who lost the right: nothing is sent, the schedule is paused, and an admin hands it to another", async () => {
  const { organization, admin, colleague, report_id } = await office();
  const copy = expectStatus<{ id: string }>(
    await call(admin, "PATCH", `/reports/${report_id}`, { sharing: "organization" }),
    200,
  );
  const mate = await addMember(organization, "counselor");
  await newTeam(organization, [colleague, mate]);
  const recipients = [colleague.email, mate.email];
  const made = await schedule(colleague, copy.id, { recipients });
  await database()`update public.memberships set status = 'suspended' where user_id = ${colleague.userId}`;
  await becomeDue(made.id);
  const paused = await until(async () => {
    const [one] = await schedules(admin);
    return one?.status === "paused" && one;
  }, { what: "the pause" });
  assert.deepEqual([paused.pause_reason, paused.last_run?.status], ["not_a_member", "refused"]);
  await mailArrived(admin.email, /scheduled report was paused/);
  const heir = await addMember(organization, "viewer");
  const path = `/reports/scheduled/${made.id}`;
  await expectProblem(
    await call(admin, "POST", `${path}/hand-over`, { user_id: heir.userId }),
    422,
    "invalid_field",
  );
  const handed = expectStatus<ScheduleBody>(
    await call(admin, "POST", `${path}/hand-over`, { user_id: admin.userId }),
    200,
  );
  assert.equal(handed.owner_id, admin.userId);
  const active = expectStatus<ScheduleBody>(
    await call(admin, "PATCH", path, { status: "active", recipients: [admin.email] }),
    200,
  );
  assert.deepEqual([active.status, active.pause_reason], ["active", null]);
  const started = expectStatus<{ run_id: string }>(
    await call(admin, "POST", `${path}/run-now`),
    202,
  );
  assert.equal((await ended(admin, started.run_id)).status, "ready");
  assert.equal((await mailsTo(colleague.email)).length, 0);
  assert.equal((await mailsTo(mate.email)).length, 0);
});

Deno.test("People outside get a link of their own, only where the organization allows it, and it can be revoked", async () => {
  const { admin, report_id } = await office();
  const outside = uniqueEmail("auditor");
  const body = {
    report_id,
    frequency: "daily",
    time: "07:30",
    recipients: [outside],
    format: "csv",
  };
  await expectProblem(
    await call(admin, "POST", "/reports/schedule", body),
    403,
    "outside_links_not_allowed",
  );
  expectStatus(await call(admin, "PATCH", "/reports/settings", { outside_links: true }), 200);
  const made = await schedule(admin, report_id, { recipients: [outside] });
  assert.equal(made.outside_recipients, 1);
  await becomeDue(made.id);
  const run = await lastRun(admin, made.id);
  const [mail] = await mailArrived(outside, /Report: Leads by source/);
  const link = /https?:\S+\/reports\/shared\?token=[0-9a-f]{64}/.exec(mail?.text ?? "")?.[0] ?? "";
  const opened = await fetch(link, { headers: uniqueAddress() });
  assert.equal(opened.status, 200);
  await opened.body?.cancel();
  const links = expectStatus<{ id: string }[]>(
    await call(admin, "GET", `/reports/runs/${run.id}/links`),
    200,
  );
  expectStatus(await call(admin, "DELETE", `/reports/links/${links[0]?.id}`), 200);
  const refused = await fetch(link, { headers: uniqueAddress() });
  assert.equal(refused.status, 404);
  await refused.body?.cancel();
});

Deno.test("Whom one may send to depends on the scope of reports:share", async () => {
  const { organization, admin, colleague, report_id } = await office();
  const mate = await addMember(organization, "counselor");
  await newTeam(organization, [colleague, mate], "North");
  expectStatus(
    await call(admin, "PATCH", `/reports/${report_id}`, { sharing: "organization" }),
    200,
  );
  const send = (recipients: string[]) =>
    call(colleague, "POST", "/reports/schedule", {
      report_id,
      frequency: "weekly",
      weekdays: [1],
      time: "07:00",
      recipients,
      format: "csv",
    });
  expectStatus(await send([colleague.email, mate.email]), 201);
  await expectProblem(await send([admin.email]), 403, "permission_denied");
  await expectProblem(await send(["who@example.org"]), 403, "permission_denied");
});

Deno.test("A schedule is changed, paused, activated with its next time, and deleted; others do not see it", async () => {
  const { organization, admin, colleague, report_id } = await office();
  const made = await schedule(admin, report_id, { recipients: [admin.email] });
  const path = `/reports/scheduled/${made.id}`;
  const paused = expectStatus<ScheduleBody>(
    await call(admin, "PATCH", path, { status: "paused" }),
    200,
  );
  assert.deepEqual([paused.next_run, paused.pause_reason], [null, "by_person"]);
  const changed = expectStatus<ScheduleBody>(
    await call(admin, "PATCH", path, {
      status: "active",
      frequency: "monthly",
      month_day: 31,
      time: "23:45",
      time_zone: "Asia/Kathmandu",
    }),
    200,
  );
  assert.match(changed.next_run ?? "", /T18:00:00/);
  for (
    const [change, field] of [
      [{ frequency: "weekly" }, "weekdays"],
      [{ time_zone: "Mars/Olympus" }, "time_zone"],
      [{ format: "doc" }, "format"],
      [{ time: "25:00" }, "time"],
      [{ recipients: [] }, "recipients"],
    ] as const
  ) {
    const problem = await expectProblem(
      await call(admin, "PATCH", path, change),
      422,
      "invalid_field",
    );
    assert.match(JSON.stringify(problem), new RegExp(field));
  }
  assert.deepEqual(await schedules(colleague), []);
  const all = await call(admin, "GET", "/reports/scheduled?limit=1");
  assert.equal(all.headers.get("x-total-count"), "1");
  assert.equal((await call(colleague, "PATCH", path, { status: "paused" })).status, 404);
  assert.equal((await call(colleague, "DELETE", path)).status, 404);
  const elsewhere = await newOrganization();
  assert.equal((await call(elsewhere.admin, "DELETE", path)).status, 404);
  expectStatus(await call(admin, "DELETE", `/reports/${report_id}`), 204);
  const [orphan] = await schedules(admin);
  assert.deepEqual([orphan?.status, orphan?.pause_reason], ["paused", "report_deleted"]);
  await expectProblem(
    await call(admin, "PATCH", path, { status: "active" }),
    409,
    "report_deleted",
  );
  assert.equal((await call(admin, "DELETE", path)).status, 204);
  assert.deepEqual(await schedules(admin), []);
  assert.equal(organization.id, admin.organizationId);
});
