import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { job } from "../_shared/jobs/job.ts";
import { perItem } from "../_shared/jobs/per_item.ts";

/** Leads of one transaction: about a second, for which a pause may have to wait. */
const size = 10_000;
/** How long a run works before it hands over to the next. */
const runMs = 60_000;

const Batch = z.object({
  campaign_id: z.string().nullable(),
  leads: z.number(),
  done: z.boolean(),
});

/** Failed calls after which a run leaves the rest to the next: the database chooses at random what it works on. */
const maxFailures = 5;

const Marked = z.number();

/** Calls `step` and counts its failure, so that the other step goes on. Null: it failed. */
function attempt<T>(step: string, failures: { count: number }, work: () => Promise<T>) {
  return perItem<T, null>("snapshot-audiences", { step }, work, () => {
    failures.count++;
    return null;
  });
}

/**
 * Cancels the targets of canceled campaigns and takes audience snapshots of campaigns that no other run is working on, a
 * batch of each in turn. Neither waits for the other, and a failure of one stops only that batch.
 */
async function takeSnapshots(db: Client) {
  const until = Date.now() + runMs;
  const failures = { count: 0 };
  let leads = 0;
  let canceled = 0;
  while (Date.now() < until && failures.count < maxFailures) {
    const marked = await attempt(
      "cancel",
      failures,
      async () => Marked.parse(unwrap(await db.rpc("cancel_targets_batch", { size }))),
    );
    const batch = await attempt(
      "snapshot",
      failures,
      async () => Batch.parse(unwrap(await db.rpc("snapshot_audience_batch", { size }))),
    );
    canceled += marked ?? 0;
    leads += batch?.leads ?? 0;
    if (marked === 0 && batch?.campaign_id === null) {
      return { leads, canceled, failures: failures.count };
    }
  }
  // After failures the task of each minute starts the next run.
  if (failures.count > 0) return { leads, canceled, failures: failures.count };
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
