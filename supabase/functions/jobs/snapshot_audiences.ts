import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { job } from "../_shared/jobs/job.ts";

/** Leads of one transaction: about a second, for which a pause may have to wait. */
const size = 10_000;
/** How long a run works before it hands over to the next. */
const runMs = 60_000;

const Batch = z.object({
  campaign_id: z.string().nullable(),
  leads: z.number(),
  done: z.boolean(),
});

/**
 * Takes audience snapshots in batches, of campaigns that no other run is working on, then cancels the targets of canceled
 * campaigns in batches.
 */
async function takeSnapshots(db: Client) {
  const until = Date.now() + runMs;
  let leads = 0;
  let canceled = 0;
  while (Date.now() < until) {
    const batch = Batch.parse(unwrap(await db.rpc("snapshot_audience_batch", { size })));
    leads += batch.leads;
    if (batch.campaign_id !== null) continue;
    const marked = unwrap(await db.rpc("cancel_targets_batch", { size }));
    canceled += marked;
    if (marked === 0) return { leads, canceled };
  }
  ensure(await db.rpc("invoke_job", { job: "snapshot-audiences" }));
  return { leads, canceled, more: true };
}

export function snapshotAudiences(app: App) {
  job(
    app,
    "snapshot-audiences",
    "Takes the audience snapshots of starting campaigns, cancels the targets of canceled ones",
    takeSnapshots,
  );
}
