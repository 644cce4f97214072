import assert from "node:assert/strict";
import type postgres from "postgres";
import { rowsOf, slowWindow } from "./slow_contact_window.ts";
import { until } from "./wait.ts";
import type { Member } from "./whole_campaign.ts";

/** Waits until everybody who may be texted now has an outcome, and every callback that comes has come. */
export async function settled(sql: postgres.Sql, campaign: string): Promise<void> {
  await until(
    async () => {
      const [left] = await sql`
        select (select count(*) from public.campaign_targets t
            where t.campaign_id = ${campaign} and t.status = 'pending' and t.send_after <= now())
          + (select count(*) from public.messages m
            where m.campaign_id = ${campaign} and (m.status in ('queued', 'sending') and m.held_at is null
              or m.status = 'sent' and m.to_number not like '%0061')) as unsettled`;
      return left?.["unsettled"] === "0";
    },
    { timeoutMs: 480_000, what: "an outcome for all who may be texted now" },
  );
}

export type Hours = Awaited<ReturnType<typeof hoursOf>>;

/** Whether a number may be texted, by the plain slow reading of the law's rows. */
export async function hoursOf(sql: postgres.Sql, members: Member[]) {
  const rows = await rowsOf(sql);
  const places = new Map(members.map(({ phone, place }) => [phone, place]));
  const known = new Map<string, { opens: number; closes: number }>();
  const windowOf = (phone: string, at: number) => {
    const place = places.get(phone);
    assert.ok(place, phone);
    const key = `${place.prefix} ${Math.floor(at / 60_000)}`;
    const opening = known.get(key) ?? (() => {
      const { sends_at, closes_at } = slowWindow(rows, {
        category: "marketing",
        phone,
        country: place.country,
        region: place.region,
        stated: null,
        quiet: null,
        home: "America/New_York",
        at: new Date(Math.floor(at / 60_000) * 60_000),
      });
      return { opens: sends_at?.getTime() ?? Infinity, closes: closes_at?.getTime() ?? Infinity };
    })();
    known.set(key, opening);
    return opening;
  };
  return { windowOf, isOpen: (phone: string, at: number) => windowOf(phone, at).opens <= at };
}

/** The leads that come first with their number, in the order of their ids. */
export function firstsOf(members: Member[]): Set<string> {
  const firsts = new Map<string, string>();
  const living = members.filter(({ kind, phone }) => kind !== "deleted_before" && phone !== null);
  for (const { phone, lead } of living.toSorted((a, b) => a.lead < b.lead ? -1 : 1)) {
    if (!firsts.has(phone ?? "")) firsts.set(phone ?? "", lead);
  }
  return new Set(firsts.values());
}
