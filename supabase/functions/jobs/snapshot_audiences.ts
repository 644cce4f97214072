import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { job } from "./job.ts";

/** Leads of one transaction: about a second, for which a pause may have to wait. */
const size = 10_000;
/** How long a run works before it hands over to a next one. */
const runMs = 60_000;

const Slice = z.object({
  campaign_id: z.string().nullable(),
  frozen: z.number(),
  done: z.boolean(),
});

/**
 * Freezes slice after slice of whatever campaign is to be frozen and nobody else is freezing, then takes back, slice after
 * slice, the targets of campaigns that were canceled.
 */
async function freeze(db: Client) {
  const until = Date.now() + runMs;
  let frozen = 0;
  let canceled = 0;
  while (Date.now() < until) {
    const slice = Slice.parse(unwrap(await db.rpc("snapshot_audience_batch", { size })));
    frozen += slice.frozen;
    if (slice.campaign_id !== null) continue;
    const marked = unwrap(await db.rpc("cancel_targets_batch", { size }));
    canceled += marked;
    if (marked === 0) return { frozen, canceled };
  }
  ensure(await db.rpc("invoke_job", { job: "snapshot-audiences" }));
  return { frozen, canceled, more: true };
}

export function snapshotAudiences(app: App) {
  job(
    app,
    "snapshot-audiences",
    "Freezes the audiences of campaigns that start, takes back those of campaigns that were canceled",
    freeze,
  );
}
