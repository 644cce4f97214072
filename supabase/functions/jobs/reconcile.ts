import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { job } from "./job.ts";
import { readPrices } from "./prices.ts";
import { askAll, type Lookup, UnsettledGroup } from "./lookups.ts";

/** After a crash, messages count as silent earlier than their provider's rule says. */
const Call = z.object({ quiet_seconds: z.int().min(0).max(86_400).optional() }).catch({});

/** Messages a run asks about before it hands over to a next one: about half of the platform's 2 s of CPU. */
const slice = 1_000;
const batchSize = 100;
/** How long a run works. A group's lease (2 minutes) is longer than what a run may still need after that. */
const runMs = 45_000;

const Claimed = UnsettledGroup.extend({ listed: z.number() });
const Results = z.record(z.string(), z.number());

/** Records what came of a group. Were it lost, its messages would only be asked about once more. */
async function record(db: Client, answers: Lookup[], results: Record<string, number>) {
  const counts = Results.parse(unwrap(await db.rpc("record_lookups", { answers: [...answers] })));
  for (const [result, n] of Object.entries(counts)) results[result] = (results[result] ?? 0) + n;
}

async function startAnother(db: Client, quiet: { quiet_seconds?: number }): Promise<void> {
  ensure(await db.rpc("invoke_job", { job: "reconcile-messages", body: { ...quiet } }));
}

/**
 * Asks about every message without a final status. Runs share the work by leases, so any number of them asks about each
 * message once; what a killed run had leased, a later one asks about. Where nothing is left to ask, the lists of past days
 * are read for prices.
 */
async function reconcile(db: Client, body: unknown) {
  const { quiet_seconds } = Call.parse(body);
  const quiet = quiet_seconds === undefined ? {} : { quiet_seconds };
  const until = Date.now() + runMs;
  const results: Record<string, number> = {};
  let asked = 0;
  while (asked < slice && Date.now() < until) {
    const group = Claimed.parse(
      unwrap(await db.rpc("claim_for_reconciliation", { ...quiet, batch_size: batchSize })),
    );
    if (group.listed > 0) results["too_old"] = (results["too_old"] ?? 0) + group.listed;
    if (group.messages.length === 0 && group.listed === 0) {
      const { priced, more } = await readPrices(db, until);
      if (more) await startAnother(db, quiet);
      return { asked, priced, more, ...results };
    }
    asked += group.messages.length;
    await record(db, await askAll(group, until), results);
  }
  await startAnother(db, quiet);
  return { asked, more: true, ...results };
}

export function reconcileMessages(app: App) {
  const summary = "Asks providers about messages without a final status";
  job(app, "reconcile-messages", summary, reconcile);
}
