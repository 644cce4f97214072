import assert from "node:assert/strict";
import type postgres from "postgres";
import { addRecipients, type Campaigning, newCampaigning } from "../support/campaigns.ts";
import { withDatabase } from "../support/db.ts";
import { until } from "../support/wait.ts";

/*
 * How often a person may be texted holds however many dispatchers claim at the same moment: each claim here is a
 * transaction that the test holds open. Nobody else may claim these campaigns, so they run inside of it only.
 */

/**
 * A country of its own, whose law lets three texts arrive in a day, at any hour. An address in its region decides whose
 * law holds, a country alone would not.
 */
const COUNTRY = "XZ";
const REGION = "T";

async function withLaw<T>(work: () => Promise<T>): Promise<T> {
  await withDatabase(async (sql) => {
    await sql`insert into private.contact_windows (country, opens, closes, effective_from, source)
      values (${COUNTRY}, '00:00', '24:00', '2024-01-01', 'a test')`;
    await sql`insert into private.contact_caps (country, messages, hours, effective_from, source)
      values (${COUNTRY}, 3, 24, '2024-01-01', 'a test')`;
    await sql`insert into private.region_zones (country, region, time_zones, source)
      values (${COUNTRY}, ${REGION}, '{America/New_York}', 'a test')`;
  });
  try {
    return await work();
  } finally {
    await withDatabase(async (sql) => {
      await sql`delete from private.contact_windows where country = ${COUNTRY}`;
      await sql`delete from private.contact_caps where country = ${COUNTRY}`;
      await sql`delete from private.region_zones where country = ${COUNTRY}`;
    });
  }
}

interface Audience {
  office: Campaigning;
  phones: string[];
  leads: string[];
}

async function audienceOf(
  count: number,
  settings: Record<string, unknown>,
  country: string | null,
): Promise<Audience> {
  const office = await newCampaigning({ marketing_consent: "not_required", ...settings });
  // Of an area code of the United States: other countries are not texted unless the organization allows them.
  const phones = Array.from(
    { length: count },
    (_, i) => `+1212${office.number.slice(8)}${100 + i}`,
  );
  const region = country && REGION;
  const recipients = phones.map((phone) => ({ phone, consent: false, country, region }));
  return { office, phones, leads: await addRecipients(office, recipients) };
}

/** Marketing texts of the past hour to each of these numbers. */
async function textsBefore({ office, phones }: Audience, times: number) {
  await withDatabase((sql) =>
    sql`insert into public.messages (organization_id, account_id, category, to_number, from_number, body, encoding, segments,
        status, provider, sending_at)
      select ${office.id}, ${office.account}, 'marketing', p, ${office.number}, 'Earlier', 'GSM-7', 1, 'delivered', 'twilio', now()
      from unnest(${phones}::text[]) p, generate_series(1, ${times}::integer)`
  );
}

/** A campaign whose audience is frozen and that nobody claims yet. */
async function frozenCampaign({ office, phones, leads }: Audience): Promise<string> {
  return await withDatabase(async (sql) => {
    const [campaign] = await sql<{ id: string }[]>`
      insert into public.campaigns (organization_id, name, status, started_at, frozen_at)
      values (${office.id}, 'At the same moment', 'paused', now(), now()) returning id`;
    const id = campaign?.id ?? "";
    await sql`insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone, variant_id)
      select ${office.id}, ${id}, x.n, x.lead, x.phone, ${office.template}
      from unnest(${leads}::uuid[], ${phones}::text[]) with ordinality x (lead, phone, n)`;
    return id;
  });
}

/** Claims what there is to claim of a campaign, as a dispatcher's transaction does. */
async function claim(sql: postgres.TransactionSql, campaign: string): Promise<string[]> {
  await sql`set local statement_timeout = '20s'`;
  await sql`update public.campaigns set status = 'running' where id = ${campaign}`;
  const [row] = await sql<{ messages: { to: string }[] }[]>`
    select private.claim_targets(50, array[${campaign}::uuid], '{}', '{}') as messages`;
  // What was claimed has gone out, and nobody else goes on with the campaign.
  await sql`update public.messages set status = 'delivered' where campaign_id = ${campaign}`;
  await sql`update public.campaigns set status = 'paused' where id = ${campaign}`;
  return (row?.messages ?? []).map(({ to }) => to).sort();
}

const outcomes = (campaign: string) =>
  withDatabase((sql) =>
    sql<{ phone: string; outcome: string; due: boolean }[]>`
      select phone, coalesce(reason, status) as outcome, send_after < now() + interval '5 seconds' as due
      from public.campaign_targets where campaign_id = ${campaign} order by position`
  );

/** Claims both campaigns, the second while the first claim is still open; then the second once more. */
async function claimTogether(first: string, second: string) {
  return await withDatabase((one) =>
    one.begin(async (held) => {
      const mine = await claim(held, first);
      const theirs = await withDatabase((other) =>
        other.begin((transaction) => claim(transaction, second))
      );
      return { mine, theirs };
    })
  );
}

const again = (campaign: string) =>
  withDatabase(async (sql) => {
    await sql`update public.campaign_targets set send_after = now() where campaign_id = ${campaign} and status = 'pending'`;
    return await sql.begin((transaction) => claim(transaction, campaign));
  });

Deno.test("Two dispatchers at the same moment text nobody more often than the law of the place allows", () =>
  withLaw(async () => {
    const audience = await audienceOf(5, {}, COUNTRY);
    await textsBefore(audience, 2);
    const [first, second] = [await frozenCampaign(audience), await frozenCampaign(audience)];
    const { mine, theirs } = await claimTogether(first, second);
    assert.deepEqual(mine, audience.phones);
    assert.deepEqual(theirs, [], "whom the other claim may be texting waits for its end");
    assert.ok((await outcomes(second)).every(({ outcome, due }) => outcome === "pending" && due));
    assert.deepEqual(await again(second), []);
    assert.ok((await outcomes(second)).every(({ outcome }) => outcome === "frequency_cap"));
  }));

Deno.test("Two dispatchers at the same moment text nobody more often than the organization wants", async () => {
  const audience = await audienceOf(
    5,
    { marketing_gap_messages: 2, marketing_gap_hours: 24 },
    COUNTRY,
  );
  await withLaw(async () => {
    const [first, second] = [await frozenCampaign(audience), await frozenCampaign(audience)];
    const third = await frozenCampaign(audience);
    const { mine, theirs } = await claimTogether(first, second);
    assert.deepEqual([mine, theirs], [audience.phones, []]);
    assert.deepEqual(await again(second), audience.phones, "the second of two is allowed");
    assert.deepEqual(await again(third), []);
    assert.ok((await outcomes(third)).every(({ outcome }) => outcome === "frequency_cap"));
  });
});

Deno.test("Whom no cap concerns two dispatchers text at the same moment, each for its campaign", () =>
  withLaw(async () => {
    const audience = await audienceOf(5, { country: "GH" }, null);
    const ghana = audience.phones.map((_, i) => `+23324${audience.office.number.slice(6)}${i}`);
    await withDatabase((sql) =>
      sql`update public.leads l set phone = n.phone from unnest(${audience.leads}::uuid[], ${ghana}::text[]) n (id, phone)
        where l.id = n.id`
    );
    const free = { ...audience, phones: ghana };
    const { mine, theirs } = await claimTogether(
      await frozenCampaign(free),
      await frozenCampaign(free),
    );
    assert.deepEqual([mine, theirs], [ghana, ghana]);
  }));

Deno.test("A claim that gets a recipient after another one counts what that one has sent, however early its own statement began", async () => {
  const audience = await audienceOf(1, {}, null);
  const [phone = ""] = audience.phones;
  await withDatabase(async (sql) => {
    const gate = Math.floor(Math.random() * 2 ** 40);
    const held = await sql.reserve();
    await held`select pg_advisory_lock(${gate})`;
    const since = new Date(Date.now() - 3_600_000);
    // The statement sees the database as it is now, and goes on when the gate opens.
    const asked = withDatabase((other) =>
      other`with gate as materialized (select pg_advisory_lock(${gate}))
        select t.busy from gate cross join lateral private.frequency_capped(${audience.office.id},
          array[row(${phone}, ${since}::timestamptz, 1, null)::private.frequency_limit]) t`
    );
    await until(async () => {
      const [row] = await sql`select from pg_locks where locktype = 'advisory' and not granted
        and (classid::bigint << 32) | objid::bigint = ${gate}`;
      return row !== undefined;
    }, { what: "the statement that waits" });
    await textsBefore(audience, 1);
    await held`select pg_advisory_unlock(${gate})`;
    held.release();
    assert.deepEqual((await asked).map((row) => row["busy"]), [false], "it has had enough");
  });
});
