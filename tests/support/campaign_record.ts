import type postgres from "postgres";
import type { Carried, Ours } from "./carrier_log.ts";
import type { Lead } from "./campaign_crowd.ts";

/** All that the carrier accepted from these numbers, in order. */
export async function carriedFrom(carrierUrl: string, numbers: string[]): Promise<Carried[]> {
  const all: Carried[] = await (await fetch(new URL("/messages", carrierUrl))).json();
  return all.filter(({ from }) => numbers.includes(from));
}

/** All outbound texts of an organization as we hold them, but those that were written before the campaign. */
export async function ourTexts(sql: postgres.Sql, organization: string): Promise<Ours[]> {
  return await sql<Ours[]>`
    select id, provider_message_id, to_number, from_number, body, status, error_code, category, attempts, checked_at, sending_at
    from public.messages where organization_id = ${organization} and direction = 'outbound'
      and error_message is distinct from 'written by the test'`;
}

/** A target as it is in the table. */
export interface Target {
  lead_id: string;
  phone: string | null;
  variant_id: string | null;
  status: string;
  reason: string | null;
  message_id: string | null;
  send_after: Date;
}

/** All targets of a campaign. */
export async function targetsOf(sql: postgres.Sql, campaign: string): Promise<Target[]> {
  return await sql<Target[]>`select * from public.campaign_targets where campaign_id = ${campaign}`;
}

/** Texts of earlier days: one of today for those at their cap, one of last week for those who know a number. */
export async function writeHistory(
  sql: postgres.Sql,
  organization: string,
  leads: Lead[],
  account: { id: string; number: string },
): Promise<Map<string, string>> {
  const kept = new Map<string, string>();
  for (const [situation, hours] of [["capped", 2], ["known to a number", 7 * 24]] as const) {
    const phones = leads.filter((lead) => lead.situation === situation).flatMap(({ frozen }) =>
      frozen.phone ?? []
    );
    await sql`insert into public.messages (id, organization_id, category, purpose, account_id, to_number, from_number, body,
        encoding, segments, status, provider, error_message, sending_at)
      select overlay(private.uuid_v7()::text placing left(private.uuid_v7_floor(now() - make_interval(hours => ${hours}))::text, 13) from 1)::uuid,
        ${organization}, 'marketing', 'custom', ${account.id}, p, ${account.number}, 'Earlier', 'GSM-7', 1, 'delivered', 'twilio',
        'written by the test', now() - make_interval(hours => ${hours})
      from unnest(${phones}::text[]) p`;
    for (const phone of phones) kept.set(phone, account.number);
  }
  return kept;
}

/** Whether a campaign has nothing more to do now: nobody's turn has come, and each text has an outcome. */
export async function isQuiet(sql: postgres.Sql, campaign: string): Promise<boolean> {
  const [row] = await sql<{ quiet: boolean }[]>`
    select (select c.status in ('running', 'completed') from public.campaigns c where c.id = ${campaign})
      and not exists (
        select from public.campaign_targets t
        where t.campaign_id = ${campaign} and t.status = 'pending' and t.send_after < now() + interval '5 minutes')
      and not exists (
        select from public.messages m
        where m.campaign_id = ${campaign} and (m.status in ('queued', 'sending') and m.held_at is null
          or m.status = 'sent' and m.to_number not like '%0061')) as quiet`;
  return row?.quiet ?? false;
}
