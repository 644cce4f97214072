import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { env } from "../_shared/env.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { job } from "../_shared/jobs/job.ts";
import { lookUpAll, LookupBatch } from "./lookups.ts";
import { runMs } from "./run_time.ts";
import { unknownAfterSeconds } from "./settling.ts";

const Results = z.record(z.string(), z.number());

async function resolve(db: Client) {
  const until = Date.now() + runMs;
  const settleSeconds = unknownAfterSeconds(env.messageSettleSeconds());
  const results: Record<string, number> = {};
  let crashed = false;
  while (Date.now() < until) {
    const batch = LookupBatch.parse(
      unwrap(
        await db.rpc("claim_unknown_outcomes", {
          unknown_after_seconds: settleSeconds,
          batch_size: 50,
        }),
      ),
    );
    if (batch.messages.length === 0) break;
    crashed ||= batch.messages.some((message) => message.interrupted);
    const answers = await lookUpAll("resolve-unknown-outcomes", batch, until);
    const counts = Results.parse(
      unwrap(await db.rpc("record_lookups", { answers: [...answers] })),
    );
    for (const [result, n] of Object.entries(counts)) results[result] = (results[result] ?? 0) + n;
  }
  if (results["resend"]) ensure(await db.rpc("invoke_job", { job: "dispatch-messages" }));
  // A process that ended uncleanly may also have missed callbacks: reconcile without the usual wait.
  if (crashed) {
    const body = { quiet_seconds: settleSeconds };
    ensure(await db.rpc("invoke_job", { job: "reconcile-messages", body }));
  }
  return results;
}

export function resolveUnknownOutcomes(app: App) {
  job(app, "resolve-unknown-outcomes", "Looks up messages whose outcome is unknown", resolve);
}
