import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { env } from "../_shared/env.ts";
import { providerTimeoutMs } from "../_shared/messaging/accounts.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { job } from "./job.ts";
import { askAll, UnsettledGroup } from "./lookups.ts";

const Results = z.record(z.string(), z.number());

/** No message counts as in doubt while its request may still be under way. */
const settleSeconds = () => Math.max(env.messageSettleSeconds(), providerTimeoutMs / 1000 + 5);

async function settle(db: Client) {
  const until = Date.now() + 45_000;
  const results: Record<string, number> = {};
  let crashed = false;
  while (Date.now() < until) {
    const group = UnsettledGroup.parse(
      unwrap(
        await db.rpc("claim_unknown_outcomes", { settle_seconds: settleSeconds(), batch_size: 50 }),
      ),
    );
    if (group.messages.length === 0) break;
    crashed ||= group.messages.some((message) => message.left_behind);
    const answers = await askAll(group, until);
    const settled = Results.parse(
      unwrap(await db.rpc("record_lookups", { answers: [...answers] })),
    );
    for (const [result, n] of Object.entries(settled)) results[result] = (results[result] ?? 0) + n;
  }
  if (results["resend"]) ensure(await db.rpc("invoke_job", { job: "dispatch-messages" }));
  // What ended uncleanly may also have missed callbacks: nobody waits for the hour then.
  if (crashed) {
    const body = { quiet_seconds: settleSeconds() };
    ensure(await db.rpc("invoke_job", { job: "reconcile-messages", body }));
  }
  return results;
}

export function resolveUnknownOutcomes(app: App) {
  job(app, "settle-messages", "Finds out about messages whose outcome nobody knows", settle);
}
