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

/** A message of which the database does not know what became. */
export const Unsettled = ClaimedMessage.extend({
  provider_message_id: z.string().nullable(),
  since: z.string(),
  /** An unclean end left it: nobody recorded even that its outcome is unknown. */
  left_behind: z.boolean().optional(),
});
export type Unsettled = z.infer<typeof Unsettled>;

export const UnsettledGroup = z.object({
  messages: z.array(Unsettled),
  credentials: z.record(z.string(), z.unknown()),
});
type Group = z.infer<typeof UnsettledGroup>;

/** A message of the provider as the database takes it. */
export interface Candidate {
  [field: string]: Json;
}

/** What came of one question, as `record_lookups` takes it. */
export type Lookup =
  & { id: string; attempt: number; account_id: string }
  & (
    | { kind: "answered"; candidates: Candidate[] }
    | { kind: "unclear"; code: string }
    | { kind: "failed"; code: string; retry_after_seconds: number | null }
    | { kind: "skipped" }
    | { kind: "other_account" }
  );

/** Questions under way at once, for each account. */
const concurrency = 10;
/** After so many questions in a row without an answer an account is left alone. */
const maxMisses = 5;

/**
 * Asks the providers about a group, every account on its own, so that one which hangs or refuses keeps no other waiting.
 * @param until the moment (ms since 1970) after which no further question begins.
 */
export async function askAll({ messages, credentials }: Group, until: number): Promise<Lookup[]> {
  const byAccount = Map.groupBy(messages, (message) => message.account_id);
  const answers = await Promise.all(
    Array.from(byAccount, ([id, own]) => askAccount(own, credentials[id], until)),
  );
  return answers.flat();
}

async function askAccount(
  messages: Unsettled[],
  credentials: unknown,
  until: number,
): Promise<Lookup[]> {
  const answers: Lookup[] = [];
  const queue = messages.values();
  let refused: LookupError | null = null;
  let misses = 0;
  const worker = async () => {
    for (const message of queue) {
      const about = subject(message);
      const moved = hasMoved(message, credentials);
      // Only a text with an id can be asked about elsewhere: another account has none that looks like it.
      if (moved && message.provider_message_id === null) {
        answers.push({ ...about, kind: "other_account" });
        continue;
      }
      if (refused !== null || misses >= maxMisses || Date.now() > until) {
        answers.push({ ...about, kind: "skipped" });
        continue;
      }
      try {
        const found = await candidates(accountOf(message, credentials), message);
        misses = 0;
        answers.push(
          moved && found.length === 0
            ? { ...about, kind: "other_account" }
            : { ...about, kind: "answered", candidates: found.map(toCandidate) },
        );
      } catch (error) {
        const cause = error instanceof LookupError
          ? error
          // Credentials that are none: nothing of this account can be asked.
          : new LookupError(message.provider, "credentials", 401);
        misses++;
        if (cause.refused) refused = cause;
        log("warn", "lookup_unanswered", { message_id: message.id, cause: cause.message });
        answers.push({ ...about, kind: "unclear", code: cause.code });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, messages.length) }, worker));
  return judged(answers, refused);
}

/**
 * Where the provider turned the account away, or answered nothing at all, no single message is to blame: the account is
 * left alone for a while and nothing counts as asked.
 */
function judged(answers: Lookup[], refused: LookupError | null): Lookup[] {
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
 * Whether a text went through another account of the provider than the one that can be asked now. What the one does not
 * know the other may have sent: from its silence nothing follows.
 */
function hasMoved({ provider, provider_account }: Unsettled, credentials: unknown): boolean {
  return provider_account !== null &&
    provider_account !== accountFingerprint(provider, credentials);
}

const subject = ({ id, attempt, account_id }: Unsettled) => ({ id, attempt, account_id });

function accountOf(message: Unsettled, credentials: unknown): SmsProvider {
  return message.provider === "twilio" ? twilioAccount(credentials) : arkeselAccount(credentials);
}

/** What the provider has of a message. @throws LookupError when it gave no clear answer: then nothing is decided. */
async function candidates(account: SmsProvider, message: Unsettled): Promise<DeliveryReport[]> {
  if (message.provider_message_id !== null) {
    const report = await account.status(message.provider_message_id);
    return report === null ? [] : [report];
  }
  const { to, from, body } = message;
  return await account.find?.({ to, from, body, since: new Date(parseTimestamp(message.since)) }) ??
    [];
}

/** A provider's word about a message, as the database takes it. */
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
