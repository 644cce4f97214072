import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { job } from "../_shared/jobs/job.ts";
import { readPrices } from "./prices.ts";
import { lookUpAll, LookupBatch, type LookupResult } from "./lookups.ts";
import { runMs } from "./run_time.ts";

/** After a crash, messages are looked up earlier than the provider's rule says. */
const Call = z.object({ quiet_seconds: z.int().min(0).max(86_400).optional() }).catch({});

/** Messages a run looks up before it hands over to the next: about half of the platform's 2 s of CPU. */
const maxMessages = 1_000;
const batchSize = 100;

const Claimed = LookupBatch.extend({ listed: z.number() });
const Results = z.record(z.string(), z.number());

/** Records the results of a batch. If they are lost, its messages are looked up once more. */
async function record(db: Client, answers: LookupResult[], results: Record<string, number>) {
  const counts = Results.parse(unwrap(await db.rpc("record_lookups", { answers: [...answers] })));
  for (const [result, n] of Object.entries(counts)) results[result] = (results[result] ?? 0) + n;
}

async function startAnother(db: Client, quiet: { quiet_seconds?: number }): Promise<void> {
  ensure(await db.rpc("invoke_job", { job: "reconcile-messages", body: { ...quiet } }));
}

/**
 * Looks up every message without a final status. Runs share the work by leases, so that any number of them looks up each
 * message once; what a killed run had leased, a later one looks up. When nothing is left, the lists of past days are read for
 * prices.
 */
async function reconcile(db: Client, body: unknown) {
  const { quiet_seconds } = Call.parse(body);
  const quiet = quiet_seconds === undefined ? {} : { quiet_seconds };
  // A batch's lease (2 minutes) outlasts what a run may still need after that.
  const until = Date.now() + runMs;
  const results: Record<string, number> = {};
  let lookups = 0;
  while (lookups < maxMessages && Date.now() < until) {
    const batch = Claimed.parse(
      unwrap(await db.rpc("claim_for_reconciliation", { ...quiet, batch_size: batchSize })),
    );
    if (batch.listed > 0) results["too_old"] = (results["too_old"] ?? 0) + batch.listed;
    if (batch.messages.length === 0 && batch.listed === 0) {
      const { priced, more } = await readPrices(db, until);
      if (more) await startAnother(db, quiet);
      return { lookups, priced, more, ...results };
    }
    lookups += batch.messages.length;
    await record(db, await lookUpAll("reconcile-messages", batch, until), results);
  }
  await startAnother(db, quiet);
  return { lookups, more: true, ...results };
}

export function reconcileMessages(app: App) {
  const summary = "Asks providers about messages without a final status";
  job(app, "reconcile-messages", summary, reconcile);
}
