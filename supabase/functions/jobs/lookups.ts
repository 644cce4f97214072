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
import { ClaimedMessage } from "./workers.ts";

/** A message whose outcome or final status is not known. */
export const UnresolvedMessage = ClaimedMessage.extend({
  provider_message_id: z.string().nullable(),
  since: z.string(),
  /** Left by a process that ended uncleanly: not even the unknown outcome was recorded. */
  left_behind: z.boolean().optional(),
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
 * Looks up a batch at the providers, each account on its own, so that one that hangs or refuses does not delay the others.
 * @param until the moment (ms since 1970) after which no further lookup begins.
 */
export async function lookUpAll(
  { messages, credentials }: LookupBatch,
  until: number,
): Promise<LookupResult[]> {
  const byAccount = Map.groupBy(messages, (message) => message.account_id);
  const answers = await Promise.all(
    Array.from(byAccount, ([id, own]) => lookUpAccount(own, credentials[id], until)),
  );
  return answers.flat();
}

async function lookUpAccount(
  messages: UnresolvedMessage[],
  credentials: unknown,
  until: number,
): Promise<LookupResult[]> {
  const answers: LookupResult[] = [];
  const queue = messages.values();
  let refused: LookupError | null = null;
  let failures = 0;
  const worker = async () => {
    for (const message of queue) {
      const about = subject(message);
      const moved = hasMoved(message, credentials);
      // Only a message with an id can be looked up in another account: searching there finds nothing.
      if (moved && message.provider_message_id === null) {
        answers.push({ ...about, kind: "other_account" });
        continue;
      }
      if (refused !== null || failures >= maxFailures || Date.now() > until) {
        answers.push({ ...about, kind: "skipped" });
        continue;
      }
      try {
        const found = await candidates(accountOf(message, credentials), message);
        failures = 0;
        answers.push(
          moved && found.length === 0
            ? { ...about, kind: "other_account" }
            : { ...about, kind: "answered", candidates: found.map(toCandidate) },
        );
      } catch (error) {
        const cause = error instanceof LookupError
          ? error
          // Unusable credentials: nothing of this account can be looked up.
          : new LookupError(message.provider, "credentials", 401);
        failures++;
        if (cause.refused) refused = cause;
        log("warn", "lookup_unanswered", { message_id: message.id, cause: cause.message });
        answers.push({ ...about, kind: "unclear", code: cause.code });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, messages.length) }, worker));
  return withAccountFailures(answers, refused);
}

/**
 * When the provider rejected the account, or answered nothing at all, no single message is at fault: the account is paused
 * for a while and no lookup counts.
 */
function withAccountFailures(answers: LookupResult[], refused: LookupError | null): LookupResult[] {
  const answered = answers.some(({ kind }) => kind === "answered");
  if (refused === null && answered) return answers;
  return answers.map((answer) =>
    answer.kind !== "unclear" || (refused === null && answer.code === "junk") ? answer : {
      ...answer,
      kind: "failed",
      retry_after_seconds: refused?.retryAfterSeconds ?? null,
    }
  );
}

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
