import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { keepAlive } from "../_shared/background.ts";
import type { Client } from "../_shared/clients.ts";
import { env } from "../_shared/env.ts";
import { log } from "../_shared/log.ts";
import { mailAccount } from "../_shared/mail/account.ts";
import type { MailOutcome, MailProvider } from "../_shared/mail/provider.ts";
import { renderMail } from "../_shared/mail/template.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { job } from "../_shared/jobs/job.ts";
import { msUntilDue } from "./pause.ts";
import { maxWaitMs, runMs } from "./run_time.ts";

/** An e-mail that the database has marked `sending`: it must be sent now. */
const ClaimedMail = z.object({
  id: z.string(),
  claim: z.number(),
  edition: z.number(),
  kind: z.string(),
  to: z.string(),
  name: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
  organization: z.object({
    name: z.string(),
    locale: z.string(),
    country: z.string(),
    time_zone: z.string(),
  }),
});
type ClaimedMail = z.infer<typeof ClaimedMail>;

const Step = z.object({ emails: z.array(ClaimedMail), next_due_at: z.string().nullable() });
type Step = z.infer<typeof Step>;

interface RecordedOutcome {
  id: string;
  claim: number;
  kind: MailOutcome["kind"];
  provider_message_id?: string | null;
  reason?: string;
  retry_after_seconds?: number;
}

/** E-mails of one run before it starts another one: well within the platform's 2 s of CPU. */
const maxPerRun = 300;

async function sendOne(provider: MailProvider, mail: ClaimedMail): Promise<RecordedOutcome> {
  const { id, claim, edition } = mail;
  const outcome = await provider.send({
    key: edition === 0 ? id : `${id}/${edition}`,
    to: { name: mail.name ?? "", address: mail.to },
    ...renderMail(mail, env.appUrl(), env.publicUrl()),
  });
  switch (outcome.kind) {
    case "accepted":
      return { id, claim, kind: "accepted", provider_message_id: outcome.providerMessageId };
    case "retry":
    case "throttled":
      return {
        id,
        claim,
        kind: outcome.kind,
        reason: outcome.reason,
        ...(outcome.retryAfterSeconds === undefined
          ? {}
          : { retry_after_seconds: outcome.retryAfterSeconds }),
      };
    default:
      return { id, claim, kind: outcome.kind, reason: outcome.reason };
  }
}

/** An e-mail that cannot be rendered fails for good. */
function renderFailure({ id, claim }: ClaimedMail, error: unknown): RecordedOutcome {
  log("error", "mail_not_rendered", { email_id: id, cause: String(error) });
  return { id, claim, kind: "rejected", reason: "The e-mail could not be composed." };
}

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

async function drain(db: Client, provider: MailProvider): Promise<{ sent: number; more: boolean }> {
  const until = Date.now() + runMs;
  const step = stepper(db, provider);
  let outcomes: RecordedOutcome[] = [];
  let sent = 0;
  let emptySteps = 0;
  for (;;) {
    const open = sent < maxPerRun && Date.now() < until;
    calledAgain = false;
    const { emails, next_due_at } = await step(outcomes, open ? provider.concurrency : 0);
    outcomes = await Promise.all(
      emails.map((mail) => sendOne(provider, mail).catch((error) => renderFailure(mail, error))),
    );
    sent += emails.length;
    if (!open) return { sent, more: true };
    if (emails.length > 0) emptySteps = 0;
    if (emails.length > 0 || calledAgain) continue;
    const wait = msUntilDue(next_due_at, ++emptySteps);
    if (wait > maxWaitMs) return { sent, more: false };
    // If this run ends before the next e-mail is due, the next run sends it.
    if (Date.now() + wait > until) return { sent, more: true };
    await pause(wait);
  }
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
  const provider = mailAccount();
  try {
    const { sent, more } = await drain(db, provider);
    if (more) startAnother(db);
    return { sent };
  } finally {
    running = false;
    provider.close();
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
