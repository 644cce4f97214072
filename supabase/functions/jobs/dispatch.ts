import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { keepAlive } from "../_shared/background.ts";
import type { Client } from "../_shared/clients.ts";
import { env } from "../_shared/env.ts";
import { log } from "../_shared/log.ts";
import { platformAccounts } from "../_shared/messaging/accounts.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { job } from "../_shared/jobs/job.ts";
import { type RecordedOutcome, runWorkers, Step } from "./workers.ts";
import { msUntilDue } from "./pause.ts";
import { maxWaitMs, runMs } from "./run_time.ts";
import { sender } from "./sender.ts";
import { startWithinMs } from "./settling.ts";

/** Whether another run started this one. */
const Call = z.object({ called: z.boolean() }).catch({ called: false });

/** Messages a run sends before it hands over to a next one: about half of the platform's 2 s of CPU. */
const slice = 1_000;

/**
 * Starts one more run, which does not call for help itself: helpers must not multiply. Neither awaited nor let fail: what
 * is marked must go out now, and without a helper pg_cron's next run goes on.
 */
function startAnother(db: Client): void {
  const asked = Promise.resolve(
    db.rpc("invoke_job", { job: "dispatch-messages", body: { called: true } }),
  );
  keepAlive(
    asked.then(ensure).catch((error) => log("warn", "no_further_run", { cause: String(error) })),
  );
}

async function dispatch(db: Client, called: boolean, stopping: () => void) {
  const until = Date.now() + runMs;
  const send = sender();
  const platform = platformAccounts();
  let total = 0;
  let emptySteps = 0;
  let alone = !called;
  const step = async (outcomes: RecordedOutcome[], batchSize: number): Promise<Step> => {
    const given = { outcomes: outcomes.map((o) => ({ ...o })), batch_size: batchSize, platform };
    const next = Step.parse(unwrap(await db.rpc("exchange_dispatch_batch", given)));
    // A whole group at once: the queue is long. Two runs share it, so that one sends while the other hands over.
    if (alone && batchSize > 0 && next.messages.length === batchSize) {
      alone = false;
      startAnother(db);
    }
    return next;
  };
  const recover = async (outcomes: RecordedOutcome[]) =>
    ensure(
      await db.rpc("recover_dispatch", { outcomes: outcomes.map((o) => ({ ...o })), platform }),
    );
  for (;;) {
    const { sent, more, nextDueAt } = await runWorkers({
      step,
      recover,
      send,
      concurrency: env.dispatchConcurrency(),
      max: slice - total,
      startWithinMs,
      until,
      stopping,
    });
    total += sent;
    emptySteps = sent > 0 ? 1 : emptySteps + 1;
    if (more) return { sent: total, more };
    const wait = msUntilDue(nextDueAt, emptySteps);
    if (wait > Math.min(maxWaitMs, until - Date.now())) return { sent: total, more };
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/**
 * Runs in this isolate at once. Two share the work well; a further call finds the queue being emptied, and marks that it
 * has to be looked at once more, so that what it was called for is not missed.
 */
const maxRuns = 2;
let runs = 0;
let calledAgain = false;

async function oneOfFewRuns(db: Client, body: unknown) {
  if (runs >= maxRuns) {
    calledAgain = true;
    return { sent: 0, joined: true };
  }
  const { called } = Call.parse(body);
  let sent = 0;
  let more = false;
  let counted = true;
  const leave = () => {
    if (counted) runs--;
    counted = false;
  };
  runs++;
  try {
    do {
      calledAgain = false;
      const result = await dispatch(db, called, () => {
        // The next run starts while the last groups of this one are still under way.
        leave();
        startAnother(db);
      });
      sent += result.sent;
      more = result.more;
    } while (calledAgain && !more);
  } finally {
    leave();
  }
  return { sent };
}

export function dispatchMessages(app: App) {
  job(app, "dispatch-messages", "Sends the messages that are due", oneOfFewRuns);
}
