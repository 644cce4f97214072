import type postgres from "postgres";
import { cleanLines } from "../cells.ts";
import type { Cells } from "../cells.ts";
import type { Context, Draft, Entity } from "../entity.ts";
import { derivedId } from "../legacy_id.ts";

/** A word as the key of a segment or of a type of incident; null if nothing of it can be one. */
const keyOf = (text: string): string | null =>
  text.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+|_+$/g, "")
    .slice(0, 50) || null;

/** Rows that others refer to by a key, made where the organization has none of the key. */
async function ensureKeys(
  tx: postgres.TransactionSql,
  table: "client_segments" | "incident_types",
  labels: Map<string, string>,
  organizationId: string,
): Promise<void> {
  const rows = [...labels].map(([key, label]) => ({ key, label }));
  await tx`
    insert into ${tx(`public.${table}`)} (organization_id, key, label, position)
    select ${organizationId}, r.key, r.label, coalesce((select max(t.position) from ${
    tx(`public.${table}`)
  } t where t.organization_id = ${organizationId}), 0) + row_number() over (order by r.key)
    from jsonb_to_recordset((${JSON.stringify(rows)}::text)::jsonb) as r (key text, label text)
    on conflict (organization_id, key) do nothing`;
}

interface Extra {
  label: string;
  since: string | null;
  revenue: string | null;
  contacts: unknown;
}

/** What a client's row brings beside its columns, by the client's id. */
const extras = new Map<string, Extra>();

/** Whether a client's revenue becomes an entry of the ledger. */
const hasRevenue = ({ since, revenue }: Extra): boolean =>
  since !== null && Number(revenue ?? 0) > 0;

const RISKS = new Set(["low", "medium", "high"]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string | null =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : null;

/** The people of a client: a list of objects, or one object. */
function contactsOf(id: string, { contacts }: Extra, { organizationId, now }: Context) {
  const list = Array.isArray(contacts) ? contacts : [contacts];
  return list.filter(isObject).flatMap((contact, index) => {
    const name = textOf(contact["name"]) ?? textOf(contact["full_name"]);
    if (name === null) return [];
    const email = textOf(contact["email"])?.toLowerCase() ?? null;
    return [{
      id: derivedId(now.slice(0, 10) + " 00:00:00Z", "client_contacts", id, String(index)),
      organization_id: organizationId,
      client_id: id,
      name: name.slice(0, 200),
      role: (textOf(contact["role"]) ?? textOf(contact["title"]))?.slice(0, 100) ?? null,
      email: email !== null && /^[^@\s]+@[^@\s]+$/.test(email) ? email : null,
      is_primary: index === 0,
    }];
  });
}

/** Contacts, and the ledger's first entry: so much a month since that day. Only for clients without either. */
async function addParts(
  tx: postgres.TransactionSql,
  drafts: Draft[],
  context: Context,
): Promise<void> {
  const known = drafts.flatMap(({ row }) => {
    const extra = extras.get(String(row["id"]));
    return extra ? [{ id: String(row["id"]), extra }] : [];
  });
  const contacts = known.flatMap(({ id, extra }) => contactsOf(id, extra, context));
  await tx`
    insert into public.client_contacts (organization_id, client_id, name, role, email, is_primary)
    select c.organization_id, c.client_id, c.name, c.role, c.email, c.is_primary
    from jsonb_to_recordset((${
    JSON.stringify(contacts)
  }::text)::jsonb) as c (organization_id uuid, client_id uuid,
      name text, role text, email text, is_primary boolean)
    where not exists (select from public.client_contacts k where k.organization_id = c.organization_id
      and k.client_id = c.client_id)`;
  const entries = known.filter(({ extra }) => hasRevenue(extra))
    .map(({ id, extra }) => ({ client_id: id, day: extra.since, mrr: extra.revenue }));
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
    amount: ({ id }) => {
      const extra = extras.get(String(id));
      return extra && hasRevenue(extra) ? extra.revenue ?? "0" : "0";
    },
  },
  read(cells, context) {
    const name = cells.text("name", 200);
    const label = cells.text("segment", 100) ?? "Imported";
    const segment = keyOf(label);
    if (name === null || segment === null) {
      cells.leaveOut(name === null ? "name" : "segment", "A client has a name and a segment.");
      return null;
    }
    const id = cells.id();
    extras.set(id, {
      label,
      since: cells.date("since"),
      revenue: cells.money("monthly_revenue"),
      contacts: cells.raw("contacts"),
    });
    const created = cells.time("created_at") ?? context.now;
    return {
      id,
      organization_id: context.organizationId,
      version: 1,
      name,
      segment,
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
  },
  prepare: (tx, drafts, context) =>
    ensureKeys(
      tx,
      "client_segments",
      new Map(drafts.map(({ row }) => [
        String(row["segment"]),
        extras.get(String(row["id"]))?.label ?? String(row["segment"]),
      ])),
      context.organizationId,
    ),
  after: addParts,
};

const TYPES = new Set(["call", "meeting", "visit", "email", "sms", "note", "other"]);

const lines = (cells: Cells, field: string, maxLength: number): string | null =>
  cleanLines(String(cells.raw(field) ?? "")).slice(0, maxLength) || null;

/** What was talked about with clients. */
export const clientInteractions: Entity = {
  required: ["client_id", "type"],
  table: "client_interactions",
  references: { client_id: { table: "clients", needed: true } },
  figures: { by: "type" },
  read(cells, context, step) {
    const at = cells.time("at") ?? cells.time("created_at") ?? context.now;
    return {
      id: derivedId(at, context.organizationId, step.name, cells.oldId),
      organization_id: context.organizationId,
      client_id: cells.reference("client_id", "clients"),
      type: cells.choice("type", TYPES) ?? "other",
      details: lines(cells, "details", 20_000),
      occurred_at: at,
      recorded_at: cells.time("created_at") ?? at,
    };
  },
};

const STATUSES = new Set(["open", "in_progress", "closed"]);

/** What clients reported. The old table names the client by its number, which is external_id here. */
export const clientIssues: Entity = {
  required: ["external_customer_id", "title"],
  table: "client_issues",
  references: { client_id: { table: "clients", needed: true } },
  figures: { by: "status" },
  read(cells, context, step) {
    const title = cells.text("title", 200);
    const type = title === null ? null : keyOf(title);
    if (title === null || type === null) {
      cells.leaveOut("title", "The issue has no title.");
      return null;
    }
    const at = cells.time("created_at") ?? context.now;
    const status = cells.choice("status", STATUSES) ?? "open";
    const closedAt = status === "closed" ? cells.time("updated_at") ?? at : null;
    return {
      id: derivedId(at, context.organizationId, step.name, cells.oldId),
      organization_id: context.organizationId,
      client_id: null,
      type,
      title,
      severity: "medium",
      status,
      contract_code: cells.text("contract_code", 100),
      external_customer_id: cells.text("external_customer_id", 100),
      opened_at: at,
      closed_at: closedAt,
      close_recorded_at: closedAt,
      recorded_at: at,
      updated_at: closedAt ?? at,
    };
  },
  async prepare(tx, drafts, context) {
    await ensureKeys(
      tx,
      "incident_types",
      new Map(drafts.map(({ row }) => [String(row["type"]), String(row["title"]).slice(0, 100)])),
      context.organizationId,
    );
    const found = await tx`
      select distinct on (external_id) external_id, id::text from public.clients
      where organization_id = ${context.organizationId} and deleted_at is null
        and external_id = any (${drafts.map(({ row }) => String(row["external_customer_id"]))})
      order by external_id, created_at`;
    const byNumber = new Map(found.map((row) => [String(row["external_id"]), row["id"]]));
    for (const { row } of drafts) {
      row["client_id"] = byNumber.get(String(row["external_customer_id"])) ?? null;
    }
  },
};
