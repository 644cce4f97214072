import assert from "node:assert/strict";
import {
  addCampaign,
  addRecipients,
  type Campaigning,
  campaignUntil,
  move,
  newCampaigning,
  ordinaryNumbers,
} from "../support/campaigns.ts";
import { withDatabase } from "../support/db.ts";
import { dice, SEED, shuffled } from "../support/dice.ts";
import { call, expectStatus } from "../support/http.ts";
import { addMember } from "../support/people.ts";
import { textDifferences } from "../support/recount_texts.ts";
import { handsetSays, newSid, twilioAccount, twilioPost } from "../support/twilio.ts";
import { until } from "../support/wait.ts";

const fold = () => withDatabase((sql) => sql`select private.roll_up_counters()`);
const watch = () => withDatabase((sql) => sql`select private.evaluate_campaign_alerts()`);

/** Watches until there is something to see: a watch that meets another one leaves everything to it. */
const watchUntil = <T>(what: string, seen: () => Promise<T | false>) =>
  until(async () => {
    await watch();
    return await seen();
  }, { what });

/** A campaign of which every text was delivered, and the ids that the provider gave the texts. */
async function delivered(
  office: Campaigning,
  phones: string[],
): Promise<{ id: string; sids: string[] }> {
  await addRecipients(office, phones.map((phone) => ({ phone })));
  const { id } = await addCampaign(office);
  await move(office.admin, id, "start");
  await campaignUntil(
    office.admin,
    id,
    "every report",
    ({ messages }) => messages["delivered"] === phones.length,
  );
  const rows = await withDatabase((sql) =>
    sql<
      { sid: string }[]
    >`select provider_message_id as sid from public.messages where campaign_id = ${id} order by to_number`
  );
  return { id, sids: rows.map(({ sid }) => sid) };
}

const status = (sid: string, fields: Record<string, string>) =>
  twilioPost("/webhooks/twilio/status", { ...twilioAccount, MessageSid: sid, ...fields });

Deno.test("Sums agree with a recount after shuffled, doubled and late events, foldings and deletions", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  const phones = ordinaryNumbers(60);
  const { id, sids } = await delivered(office, phones);
  // Reports come late, twice, in any order, with prices; answers come at the same moments, some of them twice.
  const inbound = phones.slice(0, 20).map((from, place) => ({
    ...twilioAccount,
    MessageSid: newSid(),
    From: from,
    To: office.number,
    Body: place % 3 === 0 ? "STOP" : place % 3 === 1 ? "Is it free?" : "no thanks",
  }));
  const events = shuffled(dice(SEED), [
    ...sids.map((sid) => () => status(sid, { MessageStatus: "sent" })),
    ...sids.map((sid) => () =>
      status(sid, { MessageStatus: "delivered", Price: "-0.00790", PriceUnit: "usd" })
    ),
    ...sids.slice(0, 15).map((sid) => () =>
      status(sid, { MessageStatus: "undelivered", ErrorCode: "30003" })
    ),
    ...sids.slice(0, 9).map((sid) => () =>
      status(sid, { MessageStatus: "delivered", NumSegments: "2", Price: "-0.0158" })
    ),
    ...[...inbound, ...inbound].map((form) => () => twilioPost("/webhooks/twilio/inbound", form)),
    ...phones.slice(0, 6).map((from) => () => handsetSays(from, office.number, "One more thing")),
    fold,
    fold,
  ]);
  for (let start = 0; start < events.length; start += 12) {
    await Promise.all(events.slice(start, start + 12).map((event) => event()));
  }
  assert.deepEqual(await textDifferences(office.id), [], `SEED=${SEED}`);

  // Doubtful replies ("no thanks") are decided by a person, some as opt-outs.
  const reviews = expectStatus<{ data: { id: string }[] }>(
    await call(office.admin, "GET", "/suppressions/reviews?status=open"),
    200,
  ).data;
  assert.ok(reviews.length >= 6);
  for (const [place, review] of reviews.entries()) {
    const decision = place % 2 === 0 ? "opt_out" : "dismissed";
    expectStatus(
      await call(office.admin, "POST", `/suppressions/reviews/${review.id}/decide`, { decision }),
      200,
    );
  }
  assert.deepEqual(await textDifferences(office.id), []);
  // These come to nothing.
  await withDatabase((sql) =>
    sql`insert into private.message_outcome_totals (organization_id, status, quarter_hour, messages, segments)
      select ${office.id}, 'sent', private.quarter_hour(now()), n, n
      from generate_series(-40, 40) n`
  );
  await until(async () => {
    await fold();
    return await withDatabase(async (sql) =>
      (await sql`select from private.message_outcome_totals where organization_id = ${office.id} and not rolled_up`)
        .length === 0
    );
  }, { what: "a folding" });
  assert.deepEqual(await textDifferences(office.id), []);

  // Another clock, other days.
  await withDatabase((sql) =>
    sql`update public.organizations set time_zone = 'Pacific/Kiritimati' where id = ${office.id}`
  );
  assert.deepEqual(await textDifferences(office.id), []);
  const before = await figures(office, id);
  assert.equal(before.replies + before.opt_outs >= 20, true, "everybody who wrote counts");
  // Retention takes the oldest texts, with what was said to them.
  await withDatabase((sql) =>
    sql`delete from public.messages where id in (
      select id from public.messages where campaign_id = ${id} order by id limit 25)`
  );
  assert.equal((await figures(office, id)).total, 35);
  await fold();
  const told = await withDatabase(async (sql) => {
    const [row] = await sql`select
        (select sum(replied)::int from private.message_outcome_totals where campaign_id = ${id}) as told,
        (select count(*) filter (where texts > opt_outs)::int from private.campaign_responses where campaign_id = ${id}) as kept,
        (select count(*)::int from private.campaign_responses r where campaign_id = ${id}
          and not exists (select from public.messages m where m.id = r.message_id)) as orphans`;
    return row;
  });
  assert.equal(told?.["told"] ?? 0, told?.["kept"]);
  assert.equal(told?.["orphans"], 0);
  await withDatabase((sql) =>
    sql`delete from public.messages where organization_id = ${office.id}`
  );
  assert.equal((await figures(office, id)).total, 0);
  assert.deepEqual(await textDifferences(office.id), []);
});

interface Told {
  total: number;
  replies: number;
  opt_outs: number;
}

async function figures(office: Campaigning, id: string): Promise<Told> {
  const answer = await call(office.admin, "GET", `/analytics/campaigns/${id}`);
  return expectStatus<{ texts: Told }>(answer, 200).texts;
}

interface AlertBody {
  kind: string;
  cases: number;
  sample: number;
  threshold: number;
  resolution: string | null;
}

async function alerts(office: Campaigning, path: string): Promise<AlertBody[]> {
  return expectStatus<{ alerts: AlertBody[] }>(
    await call(office.admin, "GET", `/analytics/${path}`),
    200,
  )
    .alerts;
}

const notices = (office: Campaigning) =>
  withDatabase(async (sql) =>
    (await sql<{ user_id: string; title: string }[]>`
      select user_id, title from public.notifications
      where organization_id = ${office.id} and event_key like '%:alert:%'`).map(({ title }) =>
      title
    )
  );

Deno.test("An opt-out rate past the threshold raises one alert, which is told once and ends with the wish to know", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  const manager = await addMember(office, "campaign_manager");
  const refused = await manager.client.from("organizations").update({ alert_after: 10 })
    .eq("id", office.id).select();
  assert.deepEqual(refused.data ?? [], [], "only admins set what alerts are about");
  const change = await office.admin.client.from("organizations")
    .update({ alert_after: 10, alert_opt_out_rate: 0.1 }).eq("id", office.id).select();
  assert.equal(change.data?.length, 1);
  const phones = ordinaryNumbers(20);
  const { id } = await delivered(office, phones);
  for (const phone of phones.slice(0, 2)) await handsetSays(phone, office.number, "STOP");
  await watch();
  assert.deepEqual(
    await alerts(office, `campaigns/${id}`),
    [],
    "two of twenty are the threshold, not past it",
  );
  await handsetSays(phones[2] ?? "", office.number, "unsubscribe");
  await Promise.all([watch(), watch(), watch()]);
  const open = await watchUntil("an alert", async () => {
    const found = await alerts(office, "dashboard");
    return found.length > 0 && found;
  });
  await watch();
  assert.deepEqual(
    open.map(({ kind, cases, sample, threshold }) => [kind, cases, sample, threshold]),
    [["opt_out_rate", 3, 20, 0.1]],
  );
  assert.deepEqual(await notices(office), ["Many recipients of Open day opt out"]);
  const other = await newCampaigning();
  assert.deepEqual(await alerts(other, "dashboard"), []);

  await office.admin.client.from("organizations").update({ alert_opt_out_rate: null })
    .eq("id", office.id);
  await watchUntil("its end", async () => (await alerts(office, "dashboard")).length === 0);
  assert.deepEqual((await alerts(office, `campaigns/${id}`)).map(({ resolution }) => resolution), [
    "switched_off",
  ]);
});

Deno.test("A failure rate raises an alert that ends when the campaign has recovered", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required", alert_after: 10 });
  const phones = ordinaryNumbers(20);
  const failing = phones.slice(0, 3).map((phone) => `${phone.slice(0, -4)}0005`).slice(0, 1)
    .concat(`${phones[0]?.slice(0, -4)}0003`, `${phones[0]?.slice(0, -4)}0007`);
  await addRecipients(office, [...phones.slice(0, 17), ...failing].map((phone) => ({ phone })));
  const { id } = await addCampaign(office);
  await move(office.admin, id, "start");
  await campaignUntil(
    office.admin,
    id,
    "every report",
    ({ messages }) => messages["delivered"] === 17 && messages["undelivered"] === 3,
  );
  const open = await watchUntil("an alert", async () => {
    const found = await alerts(office, "dashboard");
    return found.length > 0 && found;
  });
  assert.deepEqual(
    open.map(({ kind, cases, sample }) => [kind, cases, sample]),
    [["failure_rate", 3, 20]],
  );
  // Retention or more deliveries: the rate falls to a twentieth.
  await withDatabase((sql) =>
    sql`update public.messages set status = 'delivered', error_code = null
      where campaign_id = ${id} and id in (
        select id from public.messages where campaign_id = ${id} and status = 'undelivered' limit 2)`
  );
  await watchUntil("its end", async () => (await alerts(office, "dashboard")).length === 0);
  assert.deepEqual((await alerts(office, `campaigns/${id}`)).map(({ resolution }) => resolution), [
    "recovered",
  ]);
  assert.deepEqual(await notices(office), ["Many messages of Open day fail"]);
});
