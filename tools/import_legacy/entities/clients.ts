import type postgres from "postgres";
import type { Cells } from "../cells.ts";
import type { Context, Draft, Entity } from "../entity.ts";
import { localDay } from "../legacy_time.ts";
import { keyOf } from "../text.ts";
import { type Contact, contactsOf } from "./client_contacts.ts";
import { ensureKeys } from "./client_keys.ts";
import { suppressSameDigits } from "./opt_outs.ts";

/** What a client's row brings beside its columns. */
interface Extra {
  label: string;
  contacts: Contact[];
  /** Since when it pays so much a month; null: nothing says that it ever did. */
  entry: { day: string; mrr: string } | null;
}

/** By the row that was read, and as long as that is there. */
const extras = new WeakMap<Record<string, unknown>, Extra>();

const RISKS = new Set(["low", "medium", "high"]);
/** Before it no entry of the ledger can be (client_movements_day_sane). */
const FIRST_DAY = "1900-01-01";

/** The revenue of a month; what is no amount, or a negative one, is listed. */
function revenueOf(cells: Cells): string | null {
  const revenue = cells.money("monthly_revenue");
  if (revenue === null || !revenue.startsWith("-")) return revenue;
  cells.note("monthly_revenue", "The revenue of a client is not negative.");
  return null;
}

/**
 * The ledger's first entry. Revenue without a day on which it can have begun is not lost: it counts from the day on which
 * the old service got the client, as the list says.
 */
function entryOf(cells: Cells, { place, now }: Context, created: string): Extra["entry"] {
  const revenue = revenueOf(cells);
  const since = cells.date("since");
  const today = localDay(now, place.timeZone);
  if (since !== null && since >= FIRST_DAY && since <= today) {
    return { day: since, mrr: revenue ?? "0.00" };
  }
  const known = localDay(created, place.timeZone);
  const day = known > today ? today : known;
  if (since !== null) cells.note("since", "Nobody can have been a client since then.");
  if (Number(revenue ?? 0) === 0) return null;
  cells.noteValue(
    "since_when",
    cells.raw("since"),
    `The revenue counts from ${day}, when the old service got the client.`,
  );
  return { day, mrr: revenue ?? "0.00" };
}

const extrasOf = (drafts: Draft[]): { id: string; extra: Extra }[] =>
  drafts.flatMap(({ row }) => {
    const extra = extras.get(row);
    return extra ? [{ id: String(row["id"]), extra }] : [];
  });

/** The people of clients that have none here. */
async function addContacts(
  tx: postgres.TransactionSql,
  drafts: Draft[],
  context: Context,
): Promise<void> {
  const contacts = extrasOf(drafts).flatMap(({ id, extra }) =>
    extra.contacts.map((contact) => ({ ...contact, client_id: id }))
  );
  await tx`
    insert into public.client_contacts (organization_id, client_id, name, role, email, phone, is_primary)
    select ${context.organizationId}, c.client_id, c.name, c.role, c.email, c.phone, c.is_primary
    from jsonb_to_recordset((${
    JSON.stringify(contacts)
  }::text)::jsonb) as c (client_id uuid, name text, role text,
      email text, phone text, is_primary boolean)
    where not exists (select from public.client_contacts k where k.organization_id = ${context.organizationId}
      and k.client_id = c.client_id)`;
  await suppressSameDigits(
    tx,
    contacts.map((row) => ({ oldId: row.client_id, row: { ...row } })),
    context,
  );
}

/** The ledger's first entry of clients that have none here: so much a month since that day. */
async function addEntries(
  tx: postgres.TransactionSql,
  drafts: Draft[],
  context: Context,
): Promise<void> {
  const entries = extrasOf(drafts).flatMap(({ id, extra }) =>
    extra.entry === null ? [] : [{ client_id: id, ...extra.entry }]
  );
  if (entries.length === 0) return;
  await tx`
    select private.post_entries(${context.organizationId}, array_agg(row(e.client_id, e.day, 'amount', '', e.mrr,
      ${context.place.currency}::text, c.segment, null, null, private.local_day(${context.organizationId}))::private.client_entry),
      '{}', 'import')
    from jsonb_to_recordset((${
    JSON.stringify(entries)
  }::text)::jsonb) as e (client_id uuid, day date, mrr numeric)
    join public.clients c on c.id = e.client_id and c.organization_id = ${context.organizationId}
    where not exists (select from public.client_movements m where m.client_id = e.client_id)
    having count(*) > 0`;
}

function columnsOf(cells: Cells, context: Context, name: string, label: string, created: string) {
  return {
    id: cells.id(),
    organization_id: context.organizationId,
    version: 1,
    name,
    segment: keyOf(label),
    client_type: cells.text("client_type", 100),
    region: cells.text("region", 100),
    category: cells.text("category", 100),
    external_id: cells.text("external_id", 100),
    stated_risk: cells.choice("stated_risk", RISKS),
    custom_fields: {},
    currency: context.place.currency,
    status: "prospect",
    mrr: "0.00",
    created_at: created,
    updated_at: cells.time("updated_at") ?? created,
  };
}

/** Clients with their contacts, and what they pay a month since when. */
export const clients: Entity = {
  required: ["name"],
  table: "clients",
  figures: {
    by: "segment",
    // The entry that the import made: what a person entered since then is beside it.
    money:
      `(select m.contract_mrr from public.client_movements m where m.client_id = t.id and m.cause = 'import'
      order by m.recorded_at, m.place limit 1)`,
    // Whatever the ledger made of it.
    amount: (cells) => revenueOf(cells),
  },
  read(cells, context) {
    const name = cells.text("name", 200);
    if (name === null) {
      cells.leaveOut("name", "A client has a name.");
      return null;
    }
    const label = cells.text("segment", 100) ?? "Imported";
    const created = cells.time("created_at") ?? context.now;
    const row = columnsOf(cells, context, name, label, created);
    extras.set(row, {
      label,
      contacts: contactsOf(cells, context.place.country),
      entry: entryOf(cells, context, created),
    });
    return row;
  },
  prepare: (tx, drafts, context) =>
    ensureKeys(
      tx,
      "client_segments",
      new Map(drafts.map(({ row }) => [
        String(row["segment"]),
        extras.get(row)?.label ?? String(row["segment"]),
      ])),
      context.organizationId,
    ),
  async after(tx, drafts, context) {
    await addContacts(tx, drafts, context);
    await addEntries(tx, drafts, context);
  },
};
