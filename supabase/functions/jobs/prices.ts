import { z } from "../_shared/zod.ts";
import type { Client } from "../_shared/clients.ts";
import { log } from "../_shared/log.ts";
import { twilioAccount } from "../_shared/messaging/accounts.ts";
import { LookupError } from "../_shared/messaging/provider.ts";
import { ensure, unwrap } from "../_shared/problem.ts";
import { toCandidate } from "./lookups.ts";
import { perItem } from "../_shared/jobs/per_item.ts";

const Lists = z.object({
  lists: z.array(z.object({
    account_id: z.string(),
    from: z.string(),
    day: z.string(),
    page: z.string().nullable(),
  })),
  credentials: z.record(z.string(), z.unknown()),
});
type List = z.infer<typeof Lists>["lists"][number];

/** Pages that a run reads, of a thousand messages each, and how many at once. */
const maxPages = 20;
const atOnce = 5;

/**
 * Reads the lists of past days for prices. A number whose list cannot be read is paused for a while.
 * @returns how many messages got a price or a final status, and whether there is more to read.
 */
export async function readPrices(
  db: Client,
  until: number,
): Promise<{ priced: number; more: boolean }> {
  let priced = 0;
  for (let pages = 0; pages < maxPages && Date.now() < until; pages += atOnce) {
    const answer = unwrap(await db.rpc("claim_price_lists", { batch_size: atOnce }));
    const { lists, credentials } = Lists.parse(answer);
    if (lists.length === 0) return { priced, more: false };
    const counts = await Promise.all(
      lists.map((list) => {
        const { account_id, day } = list;
        return perItem(
          "reconcile-messages",
          { account_id, day },
          () => readPage(db, list, credentials[account_id]),
          () => pauseLookups(db, account_id, "internal", null),
        );
      }),
    );
    priced += counts.reduce((sum, count) => sum + count, 0);
  }
  return { priced, more: true };
}

async function readPage(db: Client, list: List, credentials: unknown): Promise<number> {
  const { account_id, from, day, page } = list;
  let sent;
  try {
    sent = await twilioAccount(credentials).sentOn?.(from, day, page);
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
    log("warn", "prices_unanswered", { account_id, cause: error.message });
    return await pauseLookups(db, account_id, error.code, error.retryAfterSeconds);
  }
  if (sent === undefined) return 0;
  const recorded = await db.rpc("record_price_page", {
    account_id,
    day,
    reports: sent.reports.map(toCandidate),
    ...(sent.next === null ? {} : { next_page: sent.next }),
  });
  return z.number().parse(unwrap(recorded));
}

async function pauseLookups(
  db: Client,
  account_id: string,
  code: string,
  retry_after_seconds: number | null,
): Promise<number> {
  const failed = { account_id, kind: "failed", code, retry_after_seconds };
  ensure(await db.rpc("record_lookups", { answers: [failed] }));
  return 0;
}
