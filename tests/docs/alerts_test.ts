import assert from "node:assert/strict";
import { join } from "node:path";
import { root } from "../support/spawn.ts";
import { database } from "../support/db.ts";
import { filesBelow } from "./markdown.ts";

/*
 * docs/operations.md says what to do about everything that people or operators can be told. A new notification needs its title
 * here and a row there.
 */

/** What notifies somebody, directly or through a function that is given the title. */
const CALL =
  /private\.(notify|notify_admins|notify_about_campaign|pause_with_error|tell_of_schedule|notify_of_model)\s*\(/;

/** Parts of the titles of notifications, by the file that has them; none: the title is its caller's. */
const TITLES: Record<string, string[]> = {
  "10_tenancy/functions/approve_organization.sql": ["Your organization was approved"],
  "13_notifications/functions/notify.sql": [],
  "13_notifications/functions/notify_admins.sql": [],
  "16_api_keys/functions/warn_of_expiring_keys.sql": ["An API key expires soon"],
  "18_webhooks/functions/exchange_webhook_batch.sql": ["A webhook was disabled"],
  "19_integrations/functions/use_integration.sql": ["does not work"],
  "32_assignment/functions/assign_leads.sql": ["A lead was assigned to you"],
  "32_assignment/functions/notify_of_suspended_holder.sql": ["was suspended and has open work"],
  "33_sla/functions/notify_of_sla_events.sql": [
    "must be answered soon",
    "was not answered in time",
  ],
  "34_tasks/functions/run_task_reminders.sql": ["A task is due"],
  "36_lead_import/functions/end_lead_import.sql": ["did not finish", "is finished"],
  "41_phone_numbers/functions/approve_sender.sql": ["was approved", "was refused"],
  "41_phone_numbers/functions/cool_down_numbers.sql": ["Campaigns do not use the number"],
  "45_replies/functions/open_reply_review.sql": ["A reply needs a decision"],
  "46_sending_limits/functions/spend.sql": ["The daily spending limit is reached"],
  "50_campaigns/functions/advance_campaign.sql": [
    ...["missed its schedule", "could not start", "is completed", "was paused"],
  ],
  "50_campaigns/functions/check_campaign_failures.sql": ["was paused"],
  "50_campaigns/functions/notify_about_campaign.sql": [],
  "50_campaigns/functions/snapshot_audience_batch.sql": ["was paused"],
  "51_dispatch/functions/record_outcomes.sql": ["Texts are waiting"],
  "51_dispatch/functions/recover_dispatch.sql": ["was paused"],
  "52_reconciliation/functions/alert_admins_of_held.sql": ["A message needs a decision"],
  "52_reconciliation/functions/alert_admins_of_unknown.sql": [
    "The outcome of a message is unknown",
  ],
  "53_conversations/functions/assign_conversation.sql": ["A conversation was assigned to you"],
  "53_conversations/functions/sync_conversations_from_messages.sql": ["New message from"],
  "55_analytics/functions/evaluate_campaign_alerts.sql": [
    ...["Many recipients of", "Many messages of"],
  ],
  "60_reports/functions/after_scheduled_run.sql": [
    ...["Report ready", "A scheduled report was paused", "A scheduled report failed"],
  ],
  "60_reports/functions/run_report_schedules.sql": ["A scheduled report was missed"],
  "60_reports/functions/update_report.sql": ["A scheduled report was paused"],
  "72_notes/functions/notify_of_notes.sql": ["A note from"],
  "75_churn_risk/functions/finish_training.sql": [
    "No new churn model",
    "A new churn model is not used",
    "Churn scores come from a learned model now",
    "Churn scores come from the built-in rule now",
  ],
  "75_churn_risk/functions/send_churn_digests.sql": ["at high risk of leaving"],
  "75_churn_risk/functions/watch_churn_scores.sql": ["Churn scores have become inaccurate"],
};

/** The first cells of the rows below a heading of docs/operations.md that have something to do beside them. */
async function rowsBelow(heading: string): Promise<string[]> {
  const page = await Deno.readTextFile(join(root, "docs", "operations.md"));
  const section = page.split(`\n### ${heading}\n`)[1]?.split(/\n##+ /)[0];
  assert(section !== undefined, `docs/operations.md has "${heading}"`);
  return [...section.matchAll(/^\| (.+?) +\| .*[a-z]{3}.*\|$/gm)].map(([, cell]) => cell ?? "");
}

Deno.test("docs/operations.md says what to do about each notification that can be sent", async () => {
  const schemas = join(root, "supabase", "schemas");
  const sources = new Map(
    filesBelow(schemas).filter((path) => path.endsWith(".sql"))
      .map((path) => [path, Deno.readTextFileSync(join(schemas, path))]),
  );
  const notifying = [...sources].filter(([, text]) => CALL.test(text)).map(([path]) => path).sort();
  assert.deepEqual(notifying, Object.keys(TITLES).sort(), "a notification has no title here");
  const rows = await rowsBelow("What people are told");
  for (const [path, titles] of Object.entries(TITLES)) {
    const ofDomain = [...sources].filter(([other]) => other.startsWith(path.split("/")[0] ?? ""));
    for (const title of titles) {
      assert(ofDomain.some(([, text]) => text.includes(title)), `${path} has "${title}"`);
      assert(rows.some((row) => row.includes(title)), `docs/operations.md has "${title}"`);
    }
  }
});

Deno.test("docs/operations.md says what to do about each check of GET /admin/health", async () => {
  const rows = await rowsBelow("What `GET /admin/health` says");
  const checks = await database()`
    select name, degraded_from, down_from, unit from private.health_thresholds order by name`;
  assert(checks.length > 10);
  for (const { name } of checks) {
    assert(rows.some((row) => row.includes(`\`${name}\``)), `docs/operations.md has ${name}`);
  }
});
