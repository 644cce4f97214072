import { z } from "../_shared/zod.ts";
import type { Json } from "../_shared/database.types.ts";
import { log } from "../_shared/log.ts";
import {
  accountFingerprint,
  arkeselAccount,
  twilioAccount,
} from "../_shared/messaging/accounts.ts";
import {
  type DeliveryReport,
  LookupError,
  type SmsProvider,
} from "../_shared/messaging/provider.ts";
import { isOptOut } from "../_shared/messaging/twilio_errors.ts";
import { parseTimestamp } from "../_shared/timestamp.ts";
import { perItem } from "../_shared/jobs/per_item.ts";
import { ClaimedMessage } from "./workers.ts";

/** A message whose outcome or final status is not known. */
export const UnresolvedMessage = ClaimedMessage.extend({
  provider_message_id: z.string().nullable(),
  since: z.string(),
  /** Left by a process that ended uncleanly: not even the unknown outcome was recorded. */
  interrupted: z.boolean().optional(),
});
export type UnresolvedMessage = z.infer<typeof UnresolvedMessage>;

export const LookupBatch = z.object({
  messages: z.array(UnresolvedMessage),
  credentials: z.record(z.string(), z.unknown()),
});
type LookupBatch = z.infer<typeof LookupBatch>;

/** A message of the provider, as the database takes it. */
export interface Candidate {
  [field: string]: Json;
}

/** The result of one lookup, as `record_lookups` takes it. */
export type LookupResult =
  & { id: string; attempt: number; account_id: string }
  & (
    | { kind: "answered"; candidates: Candidate[] }
    | { kind: "unclear"; code: string }
    | { kind: "failed"; code: string; retry_after_seconds: number | null }
    | { kind: "skipped" }
    | { kind: "other_account" }
  );

/** Concurrent lookups for each account. */
const concurrency = 10;
/** After so many failed lookups in a row an account is skipped. */
const maxFailures = 5;

/**
 * Looks up a batch at the providers, each account on its own, so that one that hangs, refuses or cannot be used does not
 * affect the others.
 * @param job the job in whose name it is done, for the log.
 * @param until the moment (ms since 1970) after which no further lookup begins.
 */
export async function lookUpAll(
  job: string,
  { messages, credentials }: LookupBatch,
  until: number,
): Promise<LookupResult[]> {
  const byAccount = Map.groupBy(messages, (message) => message.account_id);
  const answers = await Promise.all(
    Array.from(byAccount, ([account_id, own]) =>
      perItem<LookupResult[]>(
        job,
        { account_id },
        () => lookUpAccount(own, credentials[account_id], until),
        () => own.map((message) => ({ ...subject(message), ...accountFailed("internal", null) })),
      )),
  );
  return answers.flat();
}

/** What became of the lookups of one account so far. */
interface AccountHealth {
  refused: LookupError | null;
  /** Failed ones in a row. */
  failures: number;
}

async function lookUpAccount(
  messages: UnresolvedMessage[],
  credentials: unknown,
  until: number,
): Promise<LookupResult[]> {
  const answers: LookupResult[] = [];
  const queue = messages.values();
  const health: AccountHealth = { refused: null, failures: 0 };
  const worker = async () => {
    for (const message of queue) answers.push(await lookUp(message, credentials, health, until));
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, messages.length) }, worker));
  return withAccountFailures(answers, health.refused);
}

async function lookUp(
  message: UnresolvedMessage,
  credentials: unknown,
  health: AccountHealth,
  until: number,
): Promise<LookupResult> {
  const about = subject(message);
  try {
    const moved = hasMoved(message, credentials);
    // Only a message with an id can be looked up in another account: searching there finds nothing.
    if (moved && message.provider_message_id === null) return { ...about, kind: "other_account" };
    if (health.refused !== null || health.failures >= maxFailures || Date.now() > until) {
      return { ...about, kind: "skipped" };
    }
    const found = await candidates(accountOf(message, credentials), message);
    health.failures = 0;
    return moved && found.length === 0
      ? { ...about, kind: "other_account" }
      : { ...about, kind: "answered", candidates: found.map(toCandidate) };
  } catch (error) {
    const cause = error instanceof LookupError
      ? error
      // Unusable credentials: nothing of this account can be looked up.
      : new LookupError(message.provider, "credentials", 401);
    health.failures++;
    if (cause.refused) health.refused = cause;
    log("warn", "lookup_unanswered", { message_id: message.id, cause: cause.message });
    return { ...about, kind: "unclear", code: cause.code };
  }
}

/**
 * When the provider rejected the account, or answered nothing at all, no single message is at fault: the account is paused
 * for a while and no lookup counts.
 */
function withAccountFailures(answers: LookupResult[], refused: LookupError | null): LookupResult[] {
  const answered = answers.some(({ kind }) => kind === "answered");
  if (refused === null && answered) return answers;
  return answers.map((answer) =>
    answer.kind !== "unclear" || (refused === null && answer.code === "junk")
      ? answer
      : { ...answer, ...accountFailed(answer.code, refused?.retryAfterSeconds ?? null) }
  );
}

const accountFailed = (code: string, retry_after_seconds: number | null) =>
  ({ kind: "failed", code, retry_after_seconds }) as const;

/**
 * Whether a message went through another provider account than the one that can be asked now. That account's not knowing
 * the message proves nothing.
 */
function hasMoved(
  { provider, provider_account }: UnresolvedMessage,
  credentials: unknown,
): boolean {
  return provider_account !== null &&
    provider_account !== accountFingerprint(provider, credentials);
}

const subject = ({ id, attempt, account_id }: UnresolvedMessage) => ({ id, attempt, account_id });

function accountOf(message: UnresolvedMessage, credentials: unknown): SmsProvider {
  return message.provider === "twilio" ? twilioAccount(credentials) : arkeselAccount(credentials);
}

/** What the provider has of a message. @throws LookupError without a clear answer: then nothing is decided. */
async function candidates(
  account: SmsProvider,
  message: UnresolvedMessage,
): Promise<DeliveryReport[]> {
  if (message.provider_message_id !== null) {
    const report = await account.status(message.provider_message_id);
    return report === null ? [] : [report];
  }
  const { to, from, body } = message;
  return await account.find?.({ to, from, body, since: new Date(parseTimestamp(message.since)) }) ??
    [];
}

/** A provider's report about a message, as the database takes it. */
export function toCandidate(report: DeliveryReport): Candidate {
  const { providerMessageId, status, code, message, facts } = report;
  return {
    provider_message_id: providerMessageId,
    status,
    code,
    message,
    opt_out: isOptOut(code),
    facts: { ...facts },
  };
}
