import type postgres from "postgres";
import type { Carried, Claim, Ours } from "./carrier_log.ts";
import { until } from "./wait.ts";

/** All that the carrier accepted from these numbers, in order. */
export async function carriedFrom(carrierUrl: string, numbers: string[]): Promise<Carried[]> {
  const url = new URL("/messages", carrierUrl);
  for (const number of numbers) url.searchParams.append("from", number);
  return await (await fetch(url)).json();
}

/** All outbound texts of an organization as we hold them, but those that were written before the campaign. */
export async function ourTexts(sql: postgres.Sql, organization: string): Promise<Ours[]> {
  return await sql<Ours[]>`
    select id, campaign_id, variant_id, provider_message_id, to_number, from_number, body, status, error_code, category, attempts,
      checked_at, sending_at, expires_at, consent_id, held_at
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

/** When texts of a campaign were claimed, each time again, and when what was known of their recipients had been read. */
export async function claimsOf(sql: postgres.Sql, campaign: string): Promise<Claim[]> {
  return await sql<Claim[]>`
    select m.from_number, m.to_number, m.checked_at, e.occurred_at as at
    from public.message_events e join public.messages m on m.id = e.message_id
    where m.campaign_id = ${campaign} and e.status = 'sending'`;
}

/**
 * Whether a campaign has nothing more to do now: nobody's turn has come or comes soon, as that of somebody whose number is
 * busy, and each text has an outcome.
 */
async function isQuiet(sql: postgres.Sql, campaign: string): Promise<boolean> {
  const [row] = await sql<{ quiet: boolean }[]>`
    select (select c.status in ('running', 'completed') from public.campaigns c where c.id = ${campaign})
      and not exists (
        select from public.campaign_targets t
        where t.campaign_id = ${campaign} and t.status = 'pending' and t.send_after < now() + interval '1 minute')
      and not exists (
        select from public.messages m
        where m.campaign_id = ${campaign} and (m.status in ('queued', 'sending') and m.held_at is null
          or m.status = 'sent' and m.to_number not like '%0061')) as quiet`;
  return row?.quiet ?? false;
}

/** Waits until everybody who may be texted now has an outcome, and every callback that comes has come. */
export async function settled(sql: postgres.Sql, campaign: string): Promise<void> {
  await until(() => isQuiet(sql, campaign), { timeoutMs: 480_000, what: "an outcome for all" });
}

/** Waits until so many opt-outs have been confirmed. */
export async function confirmed(sql: postgres.Sql, organization: string, count: number) {
  await until(async () => {
    const [row] = await sql`select count(*)::int as told from public.messages
      where organization_id = ${organization} and purpose = 'opt_out_confirmation' and status = 'delivered'`;
    return row?.["told"] >= count;
  }, { timeoutMs: 300_000, what: "a confirmation of each opt-out" });
}
