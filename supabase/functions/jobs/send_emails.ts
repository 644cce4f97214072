import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { keepAlive } from "../_shared/background.ts";
import type { Client } from "../_shared/clients.ts";
import { env } from "../_shared/env.ts";
import { log } from "../_shared/log.ts";
import { mailAccount } from "../_shared/mail/account.ts";
import type { MailProvider } from "../_shared/mail/provider.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { job } from "../_shared/jobs/job.ts";
import { ClaimedMail, type RecordedOutcome, sendOne, type Servers } from "./claimed_mail.ts";
import { OwnMailServers } from "./own_mail_servers.ts";
import { msUntilDue } from "./pause.ts";
import { maxWaitMs, runMs } from "./run_time.ts";

const Step = z.object({ emails: z.array(ClaimedMail), next_due_at: z.string().nullable() });
type Step = z.infer<typeof Step>;

/** E-mails of one run before it starts another one: well within the platform's 2 s of CPU. */
const maxPerRun = 300;

/** One call records outcomes and claims the next group. Recording is tried again: an outcome must not be lost. */
function stepper(db: Client, provider: MailProvider) {
  const lease = Math.max(env.emailLeaseSeconds(), Math.ceil(provider.timeoutMs / 1_000) + 30);
  const call = async (outcomes: RecordedOutcome[], batchSize: number): Promise<Step> =>
    Step.parse(unwrap(
      await db.rpc("exchange_email_batch", {
        outcomes: outcomes.map((outcome) => ({ ...outcome })),
        batch_size: batchSize,
        provider: provider.name,
        retry_seconds: env.emailRetrySeconds(),
        lease_seconds: lease,
      }),
    ));
  return async (outcomes: RecordedOutcome[], batchSize: number): Promise<Step> => {
    try {
      return await call(outcomes, batchSize);
    } catch (error) {
      for (let attempt = 0; outcomes.length > 0 && attempt < 3; attempt++) {
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
        if (await call(outcomes, 0).then(() => true, () => false)) break;
      }
      throw error;
    }
  };
}

/** Only one run at a time in this isolate; another call makes it check the queue once more. */
let running = false;
let calledAgain = false;
let wake: () => void = () => {};

/** E-mails that are being sent through organizations' own servers: nobody waits for one that is slow. */
class OwnServerSends {
  private readonly pending = new Set<Promise<void>>();
  private readonly outcomes: RecordedOutcome[] = [];

  start(servers: Servers, mail: ClaimedMail): void {
    const send = sendOne(servers, mail).then((outcome) => {
      this.outcomes.push(outcome);
      this.pending.delete(send);
      wake();
    });
    this.pending.add(send);
  }

  get isPending(): boolean {
    return this.pending.size > 0;
  }

  get hasOutcomes(): boolean {
    return this.outcomes.length > 0;
  }

  /** The outcomes that there are by now. */
  take(): RecordedOutcome[] {
    return this.outcomes.splice(0);
  }

  async all(): Promise<void> {
    while (this.isPending) await Promise.all(this.pending);
  }
}

async function drain(db: Client, servers: Servers): Promise<{ sent: number; more: boolean }> {
  const step = stepper(db, servers.platform);
  const ownSends = new OwnServerSends();
  try {
    return await alternate(step, servers, ownSends);
  } finally {
    await ownSends.all();
    if (ownSends.hasOutcomes) await step(ownSends.take(), 0);
  }
}

async function alternate(
  step: ReturnType<typeof stepper>,
  servers: Servers,
  ownSends: OwnServerSends,
): Promise<{ sent: number; more: boolean }> {
  const until = Date.now() + runMs;
  let outcomes: RecordedOutcome[] = [];
  let sent = 0;
  let emptySteps = 0;
  for (;;) {
    const open = sent < maxPerRun && Date.now() < until;
    calledAgain = false;
    const { emails, next_due_at } = await step(
      [...outcomes, ...ownSends.take()],
      open ? servers.platform.concurrency : 0,
    );
    outcomes = await sendGroup(servers, ownSends, emails);
    sent += emails.length;
    if (!open) return { sent, more: true };
    if (emails.length > 0) emptySteps = 0;
    if (emails.length > 0 || calledAgain || ownSends.hasOutcomes) continue;
    const wait = msUntilDue(next_due_at, ++emptySteps);
    if (!ownSends.isPending && wait > maxWaitMs) return { sent, more: false };
    // If this run ends before the next e-mail is due, the next run sends it.
    if (!ownSends.isPending && Date.now() + wait > until) return { sent, more: true };
    await pause(Math.min(wait, maxWaitMs));
  }
}

/** Waits for the platform's server only. */
async function sendGroup(
  servers: Servers,
  ownSends: OwnServerSends,
  emails: ClaimedMail[],
): Promise<RecordedOutcome[]> {
  for (const mail of emails) if (mail.own_server !== null) ownSends.start(servers, mail);
  const others = emails.filter(({ own_server }) => own_server === null);
  return await Promise.all(others.map((mail) => sendOne(servers, mail)));
}

/** Waits until the time is over or another call comes in. */
async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  wake = () => {};
}

async function sendEmails(db: Client) {
  if (running) {
    calledAgain = true;
    wake();
    return { sent: 0, joined: true };
  }
  running = true;
  const servers = { platform: mailAccount(), own: new OwnMailServers(db) };
  try {
    const { sent, more } = await drain(db, servers);
    if (more) startAnother(db);
    return { sent };
  } finally {
    running = false;
    servers.platform.close();
    await servers.own.close();
  }
}

/** Not awaited: if it fails, the next run of pg_cron continues. */
function startAnother(db: Client): void {
  const asked = Promise.resolve(db.rpc("invoke_job", { job: "send-emails" }));
  keepAlive(
    asked.then(ensure).catch((error) =>
      log("warn", "next_run_not_started", { cause: String(error) })
    ),
  );
}

export function sendQueuedEmails(app: App) {
  job(app, "send-emails", "Sends the e-mails that are due", sendEmails);
}
