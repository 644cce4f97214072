import type postgres from "postgres";
import type { Context, Draft, Entity } from "../entity.ts";
import { derivedId, microsOf } from "../legacy_id.ts";
import { insertOptOuts } from "./opt_outs.ts";

interface Reply {
  oldId: string;
  phone: string;
  body: string;
  at: string;
}

type Meaning = "stop" | "start" | "doubtful";

/** The latest reply of each meaning, by number. */
export type ReplyBook = Map<string, Partial<Record<Meaning, Reply>>>;

const later = (a: Reply | undefined, b: Reply | undefined): boolean =>
  a !== undefined && (b === undefined || microsOf(a.at) > microsOf(b.at));

function remember(book: ReplyBook, meaning: string, reply: Reply): void {
  if (meaning !== "stop" && meaning !== "start" && meaning !== "doubtful") {
    return;
  }
  const entry = book.get(reply.phone) ?? {};
  if (later(reply, entry[meaning])) entry[meaning] = reply;
  book.set(reply.phone, entry);
}

/** Asks a person about each number whose last word may have been an opt-out; until then nothing is sent to it. */
async function openReviews(
  tx: postgres.TransactionSql,
  replies: Reply[],
  { organizationId }: Context,
): Promise<void> {
  const rows = replies.map(({ oldId, phone, at }) => ({
    phone,
    message_id: derivedId(at, organizationId, "messages", oldId),
  }));
  await tx`
    insert into public.reply_reviews (organization_id, phone, message_id)
    select ${organizationId}, r.phone, r.message_id
    from jsonb_to_recordset((${
    JSON.stringify(rows)
  }::text)::jsonb) as r (phone text, message_id uuid)
    where not exists (select from public.suppressions s where s.organization_id = ${organizationId}
        and s.phone = r.phone and s.scope = 'all' and s.lifted_at is null)
      and not exists (select from public.reply_reviews v where v.organization_id = ${organizationId}
        and v.phone = r.phone and v.message_id = r.message_id)
    on conflict do nothing`;
}

/**
 * What people replied to the old service, understood by our rules: its own list of opt-outs may lack those who wrote
 * STOP in other words. A later START counts.
 */
export const replies: Entity = {
  required: ["phone", "body"],
  restarts: true,
  read(cells, context) {
    const phone = cells.phone("phone");
    const body = cells.raw("body");
    if (body === null) return null;
    if (phone === null) {
      cells.leaveOut("phone", "Whether this number opted out is not known.");
      return null;
    }
    return { phone, body: String(body), at: cells.time("at") ?? context.now };
  },
  async write(tx, drafts, context) {
    const found = await tx`
      select r.old_id, r.phone, r.body, r.at, c.meaning
      from jsonb_to_recordset((${
      JSON.stringify(
        drafts.map(({ oldId, row }) => ({ old_id: oldId, ...row })),
      )
    }::text)::jsonb) as r (old_id text, phone text, body text, at text)
      cross join lateral private.classify_reply(${context.organizationId}, r.body) c
      where c.meaning is not null`;
    for (const { old_id, phone, body, at, meaning } of found) {
      remember(context.replies, meaning, { oldId: old_id, phone, body, at });
    }
    return { brought: drafts.length, present: 0, problems: [] };
  },
  async finish(tx, context) {
    const stops: Draft[] = [];
    const doubtful: Reply[] = [];
    for (const [phone, { stop, start, doubtful: perhaps }] of context.replies) {
      if (stop && later(stop, start)) {
        context.optOuts.add(phone);
        stops.push({
          oldId: stop.oldId,
          row: {
            id: derivedId(stop.at, context.organizationId, "replies", stop.oldId),
            organization_id: context.organizationId,
            phone,
            scope: "all",
            source: "import",
            reason: `Replied to ${context.kind}: ${stop.body.slice(0, 100)}`,
            created_at: stop.at,
          },
        });
      } else if (perhaps && later(perhaps, start) && later(perhaps, stop)) {
        doubtful.push(perhaps);
      }
    }
    const { problems } = await insertOptOuts(tx, stops, context);
    const [first] = problems;
    if (first) {
      throw new Error(`The opt-out of reply ${first.old_id} cannot be kept: ${first.message}`);
    }
    await openReviews(tx, doubtful, context);
  },
};
