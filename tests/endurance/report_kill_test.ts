import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as XLSX from "@e965/xlsx";
import { FrozenRun } from "../../supabase/functions/_shared/reports/run.ts";
import { xlsxFormat } from "../../supabase/functions/_shared/reports/xlsx_format.ts";
import { freePorts } from "../support/free_ports.ts";
import { KillableStack } from "../support/killable.ts";
import { undisturbed } from "../support/report_run_steps.ts";
import { ResendServer } from "../support/resend.ts";
import { closeGates, openGate, reached, type Step } from "../support/step_gates.ts";
import { until } from "../support/wait.ts";

const count = 2 * xlsxFormat.rowsPerSlice + 1_000;
const colleagues = ["admin", "manager", "clerk"].map((name) => `${name}@demo.signalbox.test`);
const outside = "board@example.org";

/** Where the stack is killed, in the order of a run, and what its status is by then. */
const steps: (Step & { status: string })[] = [
  { name: "the clock queues", trigger: "before insert on public.report_runs", status: "none" },
  {
    name: "queued",
    trigger: "before update on private.report_run_work",
    when: "new.attempts > old.attempts",
    status: "queued",
  },
  {
    name: "freezing",
    trigger: "before insert on private.report_rows",
    when: "new.position = 5000",
    status: "freezing",
  },
  {
    name: "frozen",
    trigger: "before insert on private.report_pieces",
    when: "new.position = 0",
    status: "writing",
  },
  {
    name: "between slices",
    trigger: "before insert on private.report_pieces",
    when: "new.position = 2",
    status: "writing",
  },
  {
    name: "after the last slice",
    trigger: "before insert on storage.objects",
    status: "writing",
  },
  {
    name: "uploaded",
    trigger: "before update on public.report_runs",
    when: "new.status = 'ready'",
    status: "writing",
  },
  {
    name: "ready",
    trigger: "before update on public.emails",
    when: "new.status = 'sending' and new.kind in ('report_ready', 'report_shared')",
    status: "ready",
  },
];

type Post = <T>(path: string, body: object) => Promise<T>;

/** A schedule that is due, of a report of many leads, with members and somebody outside as recipients. */
async function dueSchedule(sql: KillableStack["sql"], post: Post): Promise<string> {
  await sql`insert into public.leads (organization_id, first_name, source, value, currency)
    select m.organization_id, 'Lead ' || n, 'kill', n, 'GHS'
    from public.memberships m join public.profiles p on p.id = m.user_id, generate_series(1, ${count}::int) n
    where p.email = ${colleagues[0] ?? ""}`;
  await sql`insert into public.report_settings (organization_id, outside_links)
    select id, true from public.organizations where name = 'Demo Power'`;
  const { report_id } = await post<{ report_id: string }>("/reports/build", {
    name: "Killed",
    fields: ["leads.first_name", "leads.value"],
    filters: { all: [{ field: "leads.source", operator: "eq", value: "kill" }] },
    sorting: ["leads.value"],
  });
  const { schedule_id } = await post<{ schedule_id: string }>("/reports/schedule", {
    report_id,
    frequency: "daily",
    time: "07:00",
    recipients: [...colleagues, outside],
    format: "xlsx",
  });
  await sql`update public.report_schedules set next_run_at = date_trunc('minute', now()) - interval '1 minute'
    where id = ${schedule_id}`;
  return schedule_id;
}

/** What is there of the schedule's runs. */
async function state({ sql }: KillableStack, schedule: string) {
  const [row] = await sql`
    select count(*)::int as runs, coalesce(min(r.status), 'none') as status, coalesce(min(w.position), 0) as position, (
      select count(*)::int from private.report_rows f where f.run_id = any (array_agg(r.id))) as frozen, (
      select coalesce(string_agg(md5(p.content), ' ' order by p.position), '') from private.report_pieces p
      where p.run_id = any (array_agg(r.id))) as pieces
    from public.report_runs r left join private.report_run_work w on w.run_id = r.id
    where r.schedule_id = ${schedule}`;
  return { runs: 0, status: "", position: 0, frozen: 0, pieces: "", ...row };
}

/** Time passes: the leases of the runner and of the mails' sender end, clock and jobs are started. */
async function goOn({ sql }: KillableStack): Promise<void> {
  await sql`update private.report_run_work set leased_until = now() - interval '1 second' where leased_until is not null`;
  await sql`update public.emails set sending_at = now() - interval '1 hour' where status = 'sending'`;
  // Not awaited where a gate holds it up.
  sql`select private.run_report_schedules()`.catch(() => {});
  await sql`select private.invoke('report-jobs/run-reports')`;
  await sql`select private.invoke('jobs/send-emails')`;
}

/** The frozen rows and what the writer needs, for the file as nobody disturbed would make it. */
async function frozen({ sql }: KillableStack, schedule: string): Promise<Uint8Array> {
  const [row] = await sql`
    select private.claimed_report_run(r, w) as run, private.report_slice(r.id, 0, 20000) as rows
    from public.report_runs r join private.report_run_work w on w.run_id = r.id where r.schedule_id = ${schedule}`;
  return undisturbed(xlsxFormat, FrozenRun.parse(row?.["run"]), row?.["rows"]);
}

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The run has one whole file, and nothing of it is left over. */
async function checkFile(stack: KillableStack, schedule: string, expected: Uint8Array) {
  const { sql, status } = stack;
  const [run] = await sql`select * from public.report_runs where schedule_id = ${schedule}`;
  assert.deepEqual(
    [run?.["status"], run?.["rows_written"], run?.["row_count"], run?.["truncated"]],
    ["ready", count, count, false],
  );
  const token = await stack.demoToken("admin");
  const response = await fetch(
    `${status.api_url}/functions/v1/reports/runs/${run?.["id"]}/file`,
    { headers: { authorization: `Bearer ${token}` } },
  );
  const file = new Uint8Array(await response.arrayBuffer());
  assert.deepEqual([hash(file), run?.["checksum"]], [hash(expected), hash(expected)]);
  const workbook = XLSX.read(file, { type: "array", dense: true });
  const rows: unknown[][] = XLSX.utils.sheet_to_json(
    workbook.Sheets[workbook.SheetNames[0] ?? ""] ?? {},
    { header: 1 },
  );
  const names = rows.slice(1).map(([name]) => name);
  assert.deepEqual(names, Array.from({ length: count }, (_, n) => `Lead ${n + 1}`));
  const [left] = await sql`select (select count(*)::int from private.report_pieces) as pieces, (
    select count(*)::int from private.report_run_work) as work, (
    select count(*)::int from storage.objects where bucket_id = 'report-files') as files`;
  assert.deepEqual({ ...left }, { pieces: 0, work: 0, files: 1 });
}

/** Everybody was told once, also where the provider had a mail whose acceptance nobody recorded. */
async function checkMails({ sql }: KillableStack, resend: ResendServer) {
  await until(async () => {
    const [row] =
      await sql`select bool_and(status = 'sent') as sent from public.emails where kind like 'report%'`;
    return row?.["sent"];
  }, { what: "the end of all mails" });
  assert.deepEqual(
    resend.mails.map(({ to }) => to).toSorted(),
    [...colleagues, outside].toSorted(),
  );
  assert(resend.repeats > 0, "the kill came between a mail and its record");
  const [row] = await sql`select count(*)::int as all, count(distinct user_id)::int as people
    from public.notifications where kind = 'report_ready'`;
  assert.deepEqual({ ...row }, { all: colleagues.length, people: colleagues.length });
  const links = await sql`select from public.report_links`;
  assert.equal(links.length, 1);
}

Deno.test("a scheduled report whose stack is killed at each step has one run, one whole file and one mail to each recipient", async () => {
  await using resend = new ResendServer();
  resend.silentFrom = 2;
  const stack = await KillableStack.start(freePorts(31_900), undefined, resend.env);
  try {
    const token = await stack.demoToken("admin");
    const schedule = await dueSchedule(stack.sql, (path, body) => stack.post(token, path, body));
    await closeGates(stack.sql, steps);
    let before = await state(stack, schedule);
    let whole: Uint8Array = new Uint8Array();
    for (const [step, { name, status }] of steps.entries()) {
      await goOn(stack);
      await reached(stack.sql, step, name);
      const now = await state(stack, schedule);
      assert.deepEqual([now.status, now.runs], [status, status === "none" ? 0 : 1], name);
      if (name === "uploaded") whole = await frozen(stack, schedule);
      await stack.killAllAndStart();
      const kept = await state(stack, schedule);
      assert.deepEqual(kept, now, `${name}: what was committed is there`);
      if (now.status === "writing") {
        assert(now.position >= before.position, `${name}: the cursor never goes back`);
        assert(now.pieces.startsWith(before.pieces), `${name}: no piece is written again`);
      }
      before = now;
      await openGate(stack.sql, step);
    }
    await goOn(stack);
    await until(() => resend.mails.length >= 2, { what: "a mail that is sent and not recorded" });
    await stack.killAllAndStart();
    resend.silentFrom = Infinity;
    await goOn(stack);
    await checkMails(stack, resend);
    await checkFile(stack, schedule, whole);
    assert.equal((await state(stack, schedule)).runs, 1);
  } finally {
    await stack.stop();
  }
});
