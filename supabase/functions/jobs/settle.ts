import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { env } from "../_shared/env.ts";
import { log } from "../_shared/log.ts";
import { arkeselAccount, providerTimeoutMs, twilioAccount } from "../_shared/messaging/accounts.ts";
import type { DeliveryReport } from "../_shared/messaging/provider.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { job } from "./job.ts";
import { ClaimedMessage } from "./lanes.ts";

const Doubtful = z.object({
  messages: z.array(
    ClaimedMessage.extend({ provider_message_id: z.string().nullable(), since: z.string() }),
  ),
  credentials: z.record(z.string(), z.unknown()),
});
type DoubtfulMessage = z.infer<typeof Doubtful>["messages"][number];

/** What the provider has of a message. @throws when it gave no clear answer: then nothing is decided. */
async function candidates(
  message: DoubtfulMessage,
  credentials: unknown,
): Promise<DeliveryReport[]> {
  const account = message.provider === "twilio"
    ? twilioAccount(credentials)
    : arkeselAccount(credentials);
  if (message.provider_message_id !== null) {
    const report = await account.status(message.provider_message_id);
    return report === null ? [] : [report];
  }
  return await account.find?.({
    to: message.to,
    from: message.from,
    body: message.body,
    since: new Date(message.since),
  }) ?? [];
}

async function settleOne(
  db: Client,
  message: DoubtfulMessage,
  credentials: unknown,
): Promise<string> {
  let found: DeliveryReport[];
  try {
    found = await candidates(message, credentials);
  } catch (error) {
    log("warn", "settle_unanswered", { message_id: message.id, cause: String(error) });
    return "unanswered";
  }
  return unwrap(
    await db.rpc("settle_message", {
      message_id: message.id,
      attempt: message.attempt,
      candidates: found.map(({ providerMessageId, status, code, message: text }) => ({
        provider_message_id: providerMessageId,
        status,
        code,
        message: text,
      })),
    }),
  );
}

/** No message counts as in doubt while its request may still be under way. */
const settleSeconds = () => Math.max(env.messageSettleSeconds(), providerTimeoutMs / 1000 + 5);

async function settle(db: Client) {
  const until = Date.now() + 45_000;
  const results: Record<string, number> = {};
  while (Date.now() < until) {
    const { messages, credentials } = Doubtful.parse(
      unwrap(await db.rpc("claim_doubtful", { settle_seconds: settleSeconds(), want: 50 })),
    );
    if (messages.length === 0) break;
    const settled = await Promise.all(
      messages.map((message) => settleOne(db, message, credentials[message.account_id])),
    );
    for (const result of settled) results[result] = (results[result] ?? 0) + 1;
  }
  if (results["resend"]) ensure(await db.rpc("invoke_job", { job: "dispatch-messages" }));
  return results;
}

export function settleMessages(app: App) {
  job(app, "settle-messages", "Finds out about messages whose outcome nobody knows", settle);
}
