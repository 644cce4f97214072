import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { mailArrived } from "../support/mail.ts";
import { addMembers, newOrganization, newTeam } from "../support/people.ts";
import { assertFiles } from "../support/report_files.ts";
import { build, ended, exported, fetchFile, type PreviewBody } from "../support/reports.ts";
import { until } from "../support/wait.ts";

interface Schedule {
  id: string;
  last_run: { id: string } | null;
}

/** A manager and a colleague of one team, with leads of theirs from last week, and one of another team. */
async function office() {
  const organization = await newOrganization({ settings: { currency: "GHS" } });
  const [manager, colleague] = await addMembers(organization, [
    { role: "manager", fullName: "Esi Mensah" },
    { role: "counselor", fullName: "Kofi Boateng" },
  ]);
  assert(manager && colleague);
  const team = await newTeam(organization, [manager, colleague]);
  await database()`
    insert into public.leads (organization_id, first_name, source, team_id, assigned_to, value, currency, created_at)
    select ${organization.id}, 'Ama', (array['fair', 'fair', 'website'])[1 + n % 3], ${team}, ${colleague.userId}, 100,
      'GHS', now() - interval '7 days' from generate_series(0, 8) n`;
  await database()`insert into public.leads (organization_id, first_name, source, created_at)
    values (${organization.id}, 'Of nobody', 'fair', now() - interval '7 days')`;
  return { organization, manager, colleague };
}

Deno.test("A manager's Monday: template, changes, preview, files, schedule, mail, and a colleague who loses the link with their membership", async () => {
  const { manager, colleague } = await office();
  const templates = expectStatus<{ id: string }[]>(
    await call(manager, "GET", "/reports/templates"),
    200,
  );
  const template_id = templates.find(({ id }) => id === "new_leads_by_source")?.id;
  assert(template_id);
  const { report_id } = await build(manager, { name: undefined, template_id });
  const changed = await call(manager, "PATCH", `/reports/${report_id}`, {
    name: "Monday",
    aggregations: [
      { function: "count", show: ["share_of_total", "previous"] },
      { function: "sum", field: "leads.value" },
    ],
  });
  expectStatus(changed, 200);
  const preview = expectStatus<PreviewBody>(
    await call(manager, "GET", `/reports/${report_id}/preview`),
    200,
  );
  const rows = preview.preview_data.map((row) => [row["leads.source"], row["count"]]);
  assert.deepEqual(rows, [["fair", 6], ["website", 3]]);
  assert.equal(preview.totals["sum(leads.value)"], "900.00");

  const [csv, xlsx, pdf] = await Promise.all(
    ["csv", "xlsx", "pdf"].map((format) => exported(manager, report_id, format)),
  );
  assert(csv && xlsx && pdf);
  assertFiles(preview, csv.bytes, xlsx.bytes);
  assert.match(new TextDecoder("latin1").decode(pdf.bytes), /^%PDF-1/);
  assert.deepEqual(pdf.run.totals, preview.totals);

  const shared = await call(manager, "PATCH", `/reports/${report_id}`, { sharing: "team" });
  expectStatus(shared, 200);
  const { id } = expectStatus<Schedule>(
    await call(manager, "POST", "/reports/schedule", {
      report_id,
      frequency: "weekly",
      weekdays: [1],
      time: "07:00",
      recipients: [colleague.email],
      format: "xlsx",
    }),
    201,
  );
  await database()`update public.report_schedules set next_run_at = now() - interval '1 minute' where id = ${id}`;
  await database()`select private.run_report_schedules()`;
  const due = await until(async () => {
    const list = await call(manager, "GET", "/reports/scheduled");
    return expectStatus<Schedule[]>(list, 200).find((one) => one.id === id)?.last_run ?? false;
  }, { what: "the run of Monday" });
  const run = await ended(manager, due.id);
  assert.equal(run.status, "ready");

  const [mail] = await mailArrived(colleague.email, /Report ready: Monday/);
  assert(mail);
  const figures = ["As seen by: Esi Mensah", "Leads: 9", "Value (sum): 900.00 GHS"];
  for (const said of [...figures, "fair: 6\n█", "website: 3\n█"]) {
    assert(mail.text.includes(said), `${said} is in\n${mail.text}`);
  }
  assert(mail.text.includes(`/reports/runs/${run.id}`), mail.text);
  const file = `/reports/runs/${run.id}/file`;
  const bytes = await fetchFile(colleague, run.download_url ?? "");
  assertFiles(preview, csv.bytes, bytes);

  await database()`update public.memberships set status = 'suspended' where user_id = ${colleague.userId}`;
  assert.equal((await call(colleague, "GET", file)).status, 403);
});
