import type postgres from "postgres";
import { cleanText } from "../../../supabase/functions/_shared/clean_text.ts";
import { normalizePhone } from "../../../supabase/functions/_shared/phone.ts";
import type { Problem } from "../cells.ts";
import type { Context, Draft, Entity } from "../entity.ts";
import { microsOf, stableId } from "../legacy_id.ts";
import { insertOptOuts } from "./opt_outs.ts";

interface Reply {
  /** The step that read it: two steps may have the same old ids. */
  step: string;
  oldId: string;
  phone: string;
  body: string;
  /** null: the old service does not say. */
  at: string | null;
}

type Meaning = "stop" | "start" | "doubtful";

/** The latest reply of each meaning, by number. */
export type ReplyBook = Map<string, Partial<Record<Meaning, Reply>>>;

/** A reply whose time is not known may be the latest. */
const later = (a: Reply | undefined, b: Reply | undefined): boolean =>
  a !== undefined &&
  (b === undefined || b.at !== null && (a.at === null || microsOf(a.at) > microsOf(b.at)));

function remember(book: ReplyBook, meaning: string, reply: Reply): void {
  if (meaning !== "stop" && meaning !== "start" && meaning !== "doubtful") {
    return;
  }
  // A START outweighs only what is known to be earlier.
  if (meaning === "start" && reply.at === null) return;
  const entry = book.get(reply.phone) ?? {};
  if (later(reply, entry[meaning])) entry[meaning] = reply;
  book.set(reply.phone, entry);
}

/** Asks a person about each number whose last word may have been an opt-out; until then nothing is sent to it. */
async function openReviews(
  tx: postgres.TransactionSql,
  replies: Reply[],
  { organizationId, place }: Context,
): Promise<void> {
  const rows = replies.map(({ oldId, phone, at }) => ({
    phone,
    message_id: stableId(at, place.origin, "messages", oldId),
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

/** An opt-out whose sender cannot be suppressed as it is written: nothing else may be imported, unless its digits are known. */
function unreadable(reply: Reply, context: Context): Problem[] {
  const optOut = {
    id: stableId(reply.at, context.place.origin, reply.step, reply.oldId),
    scope: "all",
    at: reply.at ?? context.now,
  };
  const about = { old_id: reply.oldId, value: reply.phone };
  return [
    {
      ...about,
      field: "phone",
      message: "This replied STOP, or may have, and is not a phone number.",
      left_out: true,
    },
    ...(context.optOuts.add(reply.phone, optOut)
      ? [{
        ...about,
        field: "digits",
        message: "Contacts whose number ends in the same nine digits are suppressed.",
        left_out: false,
      }]
      : []),
  ];
}

function optOutOf({ step, oldId, phone, body, at }: Reply, context: Context): Draft {
  const id = stableId(at, context.place.origin, step, oldId);
  context.optOuts.add(phone, { id, scope: "all", at: at ?? context.now });
  return {
    oldId,
    row: {
      id,
      organization_id: context.organizationId,
      phone,
      scope: "all",
      source: "import",
      reason: `Replied to ${context.kind}: ${[...cleanText(body)].slice(0, 100).join("")}`,
      created_at: at ?? context.now,
    },
  };
}

/**
 * What people replied to the old service, understood by our rules: its own list of opt-outs may lack those who wrote
 * STOP in other words. A later START counts. Senders that are no numbers (short codes, names) matter only if they say STOP.
 */
export const replies: Entity = {
  required: ["phone", "body"],
  restarts: true,
  read(cells, context, step) {
    const [sender, body] = [cells.raw("phone"), cells.raw("body")];
    if (body === null) return null;
    const text = sender === null ? "" : String(sender).trim();
    const read = normalizePhone(text, context.place.country);
    return {
      step: step.name,
      phone: read.ok ? read.phone : text,
      readable: read.ok,
      body: String(body).toWellFormed(),
      at: cells.time("at"),
    };
  },
  async write(tx, drafts, context) {
    const found = await tx`
      select r.old_id, r.step, r.phone, r.readable, r.body, r.at, c.meaning
      from jsonb_to_recordset((${
      JSON.stringify(
        drafts.map(({ oldId, row }) => ({ old_id: oldId, ...row })),
      )
    }::text)::jsonb) as r (old_id text, step text, phone text, readable boolean, body text, at text)
      cross join lateral private.classify_reply(${context.organizationId}, r.body) c
      where c.meaning is not null`;
    const problems: Problem[] = [];
    for (const { old_id, step, phone, readable, body, at, meaning } of found) {
      const reply = { step, oldId: old_id, phone, body, at };
      if (readable) remember(context.replies, meaning, reply);
      else if (meaning === "stop" || meaning === "doubtful") {
        problems.push(...unreadable(reply, context));
      }
    }
    return { brought: drafts.length, present: 0, problems };
  },
  async finish(tx, context) {
    const stops: Draft[] = [];
    const doubtful: Reply[] = [];
    for (const { stop, start, doubtful: perhaps } of context.replies.values()) {
      if (stop && !later(start, stop)) {
        stops.push(optOutOf(stop, context));
      } else if (perhaps && !later(start, perhaps)) {
        doubtful.push(perhaps);
      }
    }
    const { problems } = await insertOptOuts(tx, stops, context);
    await openReviews(tx, doubtful, context);
    return problems;
  },
};
