import assert from "node:assert/strict";
import { join } from "node:path";
import { blocksOf } from "../../docs/markdown.ts";
import { addCampaign, addRecipients, move, newCampaigning } from "../../support/campaigns.ts";
import type { Campaigning } from "../../support/campaigns.ts";
import { database } from "../../support/db.ts";
import { call, expectStatus } from "../../support/http.ts";
import { startJob } from "../../support/jobs.ts";
import { storeLead } from "../../support/lead_rows.ts";
import { mailsTo, notify } from "../../support/mail.ts";
import { addMember, type Session, uniqueEmail } from "../../support/people.ts";
import { build } from "../../support/reports.ts";
import { letPass } from "../../support/sla.ts";
import { root } from "../../support/spawn.ts";
import { stackUnderTest } from "../../support/stack.ts";
import { accepted, ordinaryNumber, reaches, send } from "../../support/texts.ts";
import { until } from "../../support/wait.ts";
import { Receiver, subscribe } from "../../support/webhooks.ts";

/* What waited in a backup went out before the restore: the SQL of docs/operations.md keeps all of it from going out again. */

const PAGE = "docs/operations.md";

/** The statements of _Restore for real_, as a person copies them. */
function statementsOfThePage(): string {
  const text = Deno.readTextFileSync(join(root, PAGE));
  const [block, ...others] = blocksOf(text).filter(({ language, text }) =>
    language === "sql" && text.includes("delete from vault.secrets where name = 'project_url'")
  );
  assert.ok(block !== undefined && others.length === 0, `${PAGE} has these statements once`);
  return block.text;
}

/** Jobs that the database starts do nothing until `task deploy` sets the address again. */
async function reachNoFunction(): Promise<void> {
  await database()`delete from vault.secrets where name = 'project_url'`;
}

async function reachFunctions(): Promise<void> {
  await reachNoFunction();
  await database()`select vault.create_secret(${stackUnderTest().api_url}, 'project_url')`;
}

/** All that a schedule starts, in SQL and in functions. */
async function runEverything(): Promise<void> {
  const sql = database();
  await sql`select private.run_sla()`;
  for (const { task } of await sql`select private.tasks_of('minute-tasks') as task`) {
    await sql`select private.run_task(${task})`;
  }
  for (
    const job of [
      ...["dispatch-messages", "resolve-unknown-outcomes", "reconcile-messages"],
      ...["snapshot-audiences", "send-emails", "deliver-webhooks"],
    ]
  ) await startJob(job);
}

/** A campaign to a number of its own, which it gives, brought to a state. */
async function waitingCampaign(
  office: Campaigning,
  state: "draft" | "scheduled" | "freezing" | "running" | "paused",
): Promise<{ id: string; phone: string }> {
  const sql = database();
  const phone = ordinaryNumber();
  const lead_ids = await addRecipients(office, [{ phone }]);
  const { id } = await addCampaign(office, {
    name: state,
    audience: { lead_ids },
    ...(state === "scheduled" && {
      scheduled_at: new Date(Date.now() + 3_600_000).toISOString(),
    }),
  });
  if (state === "scheduled") {
    await sql`update public.campaigns set scheduled_at = now() where id = ${id}`;
  } else if (state !== "draft") {
    await move(office.admin, id, "start");
    if (state !== "freezing") await sql`select public.snapshot_audience_batch(${id})`;
    if (state === "paused") await move(office.admin, id, "pause");
  }
  return { id, phone };
}

/** Texts that a person sent: one waits, and of one nobody knows whether the provider took it. */
async function waitingTexts(clerk: Session, sender_id: string): Promise<string[]> {
  const [queued, unknown] = [ordinaryNumber(), ordinaryNumber()];
  await send(clerk, { to: queued, sender_id });
  const { message_id } = await send(clerk, { to: unknown, sender_id });
  await database()`update public.messages set status = 'sending', attempts = 1,
    sending_at = now() - interval '1 hour' where id = ${message_id}`;
  return [queued, unknown];
}

/** A report that is due, the deadline of a lead that passed, and a notice: all are mailed. */
async function waitingMails(office: Campaigning, holder: Session): Promise<void> {
  const sql = database();
  const { report_id } = await build(office.admin, {
    name: "Due",
    grouping: [{ field: "leads.source" }],
    aggregations: [{ function: "count" }],
  });
  const schedule = expectStatus<{ id: string }>(
    await call(office.admin, "POST", "/reports/schedule", {
      report_id,
      frequency: "daily",
      time: "07:30",
      recipients: [holder.email],
      format: "csv",
    }),
    201,
  );
  await sql`update public.report_schedules set next_run_at = now() where id = ${schedule.id}`;
  const lead = await storeLead(office, { assigned_to: holder.userId });
  await letPass(sql, [lead], 100_000);
  await notify([holder], { kind: "sla_reminder", title: "Waits in the backup" });
}

Deno.test("after the statements of the restore nothing that waited in the backup leaves", async () => {
  const office = await newCampaigning();
  const { id, admin, number } = office;
  const [clerk, holder] = [await addMember(office, "operator"), await addMember(office, "manager")];
  const invited = uniqueEmail("invited");
  await using receiver = new Receiver();
  await subscribe(office, receiver, ["*"]);
  await reachNoFunction();
  try {
    const states = ["draft", "scheduled", "freezing", "running", "paused"] as const;
    const campaigns = [];
    for (const state of states) campaigns.push(await waitingCampaign(office, state));
    const texted = await waitingTexts(clerk, number);
    await waitingMails(office, holder);
    expectStatus(await call(admin, "POST", "/users", { email: invited, role: "viewer" }), 201);
    const sql = database();
    await sql`select private.fan_out_webhook_events()`;
    await storeLead(office);
    const [waiting] = await sql`
      select (select count(*)::int from private.webhook_deliveries d
          where d.organization_id = ${id} and d.status = 'pending') as deliveries,
        (select count(*)::int from private.webhook_events v
          where v.organization_id = ${id} and v.fanned_out_at is null) as events,
        (select count(*)::int from public.emails e
          where e.organization_id = ${id} and e.status = 'queued') as emails`;
    assert.ok(Object.values(waiting ?? {}).every((count) => count > 0), JSON.stringify(waiting));

    const session = await sql.reserve();
    await session.unsafe(statementsOfThePage()).simple();
    session.release();
    const [address] = await sql`select from vault.secrets where name = 'project_url'`;
    assert.equal(address, undefined, "cron reaches no function");
    await reachFunctions();
    const restored = new Date().toISOString();
    await runEverything();

    // What is new goes out, after everything that was due before it had its turn.
    const now = ordinaryNumber();
    const { message_id } = await send(clerk, { to: now, sender_id: number });
    await reaches(clerk, message_id, "delivered");
    await runEverything();
    await notify([holder], { kind: "sla_reminder", title: "After", eventKey: "after" });
    await until(
      async () => {
        const [email] = await sql`select status from public.emails
          where organization_id = ${id} and event_key = 'after'`;
        return email?.["status"] === "sent";
      },
      { what: "the mail of what is new" },
    );
    await receiver.waitFor(1);

    for (const phone of [...texted, ...campaigns.map((campaign) => campaign.phone)]) {
      assert.deepEqual(await accepted(phone), [], phone);
    }
    const subjects = (await mailsTo(holder.email)).map(({ subject }) => subject);
    assert.equal(subjects.length, 1, subjects.join());
    assert.deepEqual(await mailsTo(invited), []);
    for (const { timestamp, type } of receiver.received) assert.ok(timestamp > restored, type);
    for (const campaign of campaigns) {
      const answer = await call(admin, "POST", `/campaigns/${campaign.id}/start`);
      expectStatus(answer, 409);
    }
    const left = await sql`select status from public.campaign_targets
      where organization_id = ${id} and status = 'pending'`;
    assert.deepEqual([...left], []);
  } finally {
    await reachFunctions();
  }
});
