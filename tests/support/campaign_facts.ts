import type postgres from "postgres";
import type { Lead } from "./campaign_crowd.ts";
import type { Facts } from "./campaign_model.ts";

/** Facts of numbers, of those for which they are true, each number once. */
const phones = (
  leads: Lead[],
  when: "frozen" | "claimed",
  holds: (facts: Facts) => boolean,
) => [
  ...new Set(leads.filter((lead) => holds(lead[when])).flatMap((lead) => lead[when].phone ?? [])),
];

/** Writes the leads, and gives them their ids. */
export async function writeLeads(sql: postgres.Sql, organization: string, leads: Lead[]) {
  const rows = leads.map(({ frozen }, index) => ({
    organization_id: organization,
    first_name: `Lead ${index}`,
    last_name: frozen.lastName ?? "",
    phone: frozen.phone,
    country: frozen.country,
    region: frozen.region,
  }));
  const made = await sql<{ id: string; first_name: string }[]>`
    insert into public.leads ${sql(rows)} returning id, first_name`;
  for (const { id, first_name } of made) {
    const lead = leads[Number(first_name.slice(5))];
    if (lead) lead.id = id;
  }
  const gone = leads.filter(({ frozen }) => frozen.deleted).map(({ id }) => id);
  await sql`update public.leads set deleted_at = now() where id = any (${gone})`;
}

/** Writes what is known of the numbers: ledger, suppressions, lists, doubtful replies. */
export async function writeFacts(
  sql: postgres.Sql,
  organization: string,
  leads: Lead[],
  when: "frozen" | "claimed",
) {
  const granted = when === "frozen" ? phones(leads, when, (f) => f.consent !== null) : [];
  const revoked = phones(leads, when, (f) => f.consent === "revoked");
  for (const [event, list] of [["granted", granted], ["revoked", revoked]] as const) {
    await sql`insert into public.consents (organization_id, phone, event, source, occurred_at)
      select ${organization}, p, ${event}, 'test', now() from unnest(${list}::text[]) p`;
  }
  for (
    const [why, scope, source] of [
      ["all", "all", "manual"],
      ["marketing", "marketing", "import"],
      ["litigator", "all", "litigator"],
    ] as const
  ) {
    await sql`insert into public.suppressions (organization_id, phone, scope, source)
      select ${organization}, p, ${scope}, ${source} from unnest(${
      phones(leads, when, (f) => f.suppressed === why)
    }::text[]) p
      on conflict do nothing`;
  }
  await sql`insert into public.reply_reviews (organization_id, phone, message_id)
    select ${organization}, p, gen_random_uuid() from unnest(${
    phones(leads, when, (f) => f.doubtful)
  }::text[]) p
    on conflict do nothing`;
  for (const kind of ["registry", "internal", "litigator"] as const) {
    await sql`with l as (
        insert into public.dnc_lists (organization_id, name, kind, status)
        values (${organization}, ${`${kind} ${when}`}, ${kind}, 'active') returning id)
      insert into private.dnc_numbers (organization_id, phone, list_id)
      select ${organization}, p, l.id from l, unnest(${
      phones(leads, when, (f) => f.lists.includes(kind))
    }::text[]) p`;
  }
}

/** What happens to leads between the freeze and the first text. */
export async function changeAfterFreeze(sql: postgres.Sql, organization: string, leads: Lead[]) {
  await writeFacts(sql, organization, leads, "claimed");
  const gone = leads.filter(({ frozen, claimed }) => claimed.deleted && !frozen.deleted);
  await sql`update public.leads set deleted_at = now() where id = any (${
    gone.map(({ id }) => id)
  })`;
  const moved = leads.filter(({ frozen, claimed }) => frozen.phone !== claimed.phone);
  await sql`update public.leads l set phone = m.phone
    from unnest(${moved.map(({ id }) => id)}::uuid[], ${
    moved.map(({ claimed }) => claimed.phone ?? "")
  }::text[]) m (id, phone)
    where l.id = m.id`;
}

/**
 * Writes the texts of earlier days: those within the hours of the cap, and one of last week for those who know a number.
 * Answers who must be texted from that number again.
 */
export async function writeHistory(
  sql: postgres.Sql,
  organization: string,
  leads: Lead[],
  account: { id: string; number: string },
): Promise<Map<string, string>> {
  const texts = leads.flatMap(({ situation, frozen: { phone, recent } }) =>
    situation === "known to a number"
      ? [{ phone, hours: 7 * 24 }]
      : Array.from({ length: recent }, () => ({ phone, hours: 2 }))
  );
  await sql`insert into public.messages (id, organization_id, category, purpose, account_id, to_number, from_number, body,
      encoding, segments, status, provider, error_message)
    select overlay(private.uuid_v7()::text placing left(private.uuid_v7_floor(now() - make_interval(hours => t.hours))::text, 13) from 1)::uuid,
      ${organization}, 'marketing', 'custom', ${account.id}, t.phone, ${account.number}, 'Earlier', 'GSM-7', 1, 'delivered', 'twilio',
      'written by the test'
    from jsonb_to_recordset(${sql.json(texts)}) as t (phone text, hours integer)`;
  return new Map(texts.map(({ phone }) => [phone ?? "", account.number]));
}
