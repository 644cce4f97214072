import assert from "node:assert/strict";
import type postgres from "postgres";
import { carriedFrom } from "../support/campaign_record.ts";
import {
  addCampaign,
  addRecipients,
  type Campaigning,
  campaignUntil,
  move,
  newCampaigning,
  ordinaryNumbers,
  readCampaign,
  tend,
  tendedUntil,
} from "../support/campaigns.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { invoke } from "../support/jobs.ts";
import { withinOneDay } from "../support/one_day.ts";
import { officeWith } from "../support/rated_office.ts";
import { stackUnderTest } from "../support/stack.ts";
import { until } from "../support/wait.ts";

type Granted = { granted: number };

const take = (
  sql: postgres.Sql,
  id: string,
  perSecond: number | null,
  cap: number | null,
  zone: string,
  want: number,
) =>
  sql<
    Granted[]
  >`select granted from private.acquire_tokens(array[row(${id}::uuid, ${perSecond}::numeric, ${cap}::integer,
    ${zone}, ${want}::integer)::private.send_rate_limit])`.then(([row]) => row?.granted ?? 0);

Deno.test("Buckets grant no more than they hold and what flows in, with any takers, returns and rates", async () => {
  await withDatabase(async (sql) => {
    for (let turn = 0; turn < 5; turn++) {
      const [id, rate] = [crypto.randomUUID(), [1, 7, 60, 200, 500][turn] ?? 1];
      const began = performance.now();
      let granted = 0;
      for (let round = 0; round < 20; round++) {
        const taken = await Promise.all(
          [1, 2].map((nth) => take(sql, id, rate, null, "UTC", 10 * nth)),
        );
        const sum = taken.reduce((a, b) => a + b, 0);
        const back = Math.min(sum, round % 3);
        await sql`select private.release_tokens(array[${id}::uuid], array[${back}::integer])`;
        granted += sum - back;
        const most = rate + rate * (performance.now() - began) / 1000;
        assert.ok(granted <= most, `${granted} granted, ${most} allowed at ${rate} a second`);
      }
      assert.ok(granted >= Math.min(rate, 20), "and it does grant");
    }
  });
});

Deno.test("A daily cap holds over all takers, and a new day begins at midnight of its own zone", () =>
  withinOneDay(
    ["America/Los_Angeles", "Pacific/Niue", "Pacific/Kiritimati"],
    () =>
      withDatabase(async (sql) => {
        const id = crypto.randomUUID();
        const taken = await Promise.all(
          Array.from({ length: 10 }, () => take(sql, id, null, 25, "America/Los_Angeles", 4)),
        );
        assert.equal(taken.reduce((a, b) => a + b, 0), 25);
        const next = await sql<{ at: Date; midnight: Date }[]>`
      select private.next_token_at(${id}, null, 25, 'America/Los_Angeles') as at,
        ((now() at time zone 'America/Los_Angeles')::date + 1)::timestamp at time zone 'America/Los_Angeles' as midnight`;
        assert.deepEqual(next[0]?.at, next[0]?.midnight);
        // As if the last text had gone out yesterday, there.
        await sql`update private.send_rate_buckets set day = day - 1 where id = ${id}`;
        assert.equal(await take(sql, id, null, 25, "America/Los_Angeles", 40), 25);
        // Somewhere it is another day already: between Kiritimati and Niue lie 25 hours.
        const other = crypto.randomUUID();
        assert.equal(await take(sql, other, null, 3, "Pacific/Niue", 9), 3);
        assert.equal(await take(sql, other, null, 3, "Pacific/Niue", 9), 0);
        assert.equal(await take(sql, other, null, 3, "Pacific/Kiritimati", 9), 3);
      }),
  ));

Deno.test("A number at its daily cap sends no more today, the others carry on, and those who know it wait for midnight", () =>
  withinOneDay(["America/Los_Angeles"], capOfTheDay));

async function capOfTheDay(): Promise<void> {
  const { office, numbers } = await officeWith({
    numbers: [null, null],
    organization: null,
    perMinute: null,
  });
  const phones = ordinaryNumbers(30);
  await addRecipients(office, phones.map((phone) => ({ phone })));
  const [capped, free] = numbers;
  const loyal = phones.slice(0, 10);
  await withDatabase(async (sql) => {
    await sql`update public.sms_accounts set daily_cap = 4 where id = ${capped?.id ?? ""}`;
    await sql`insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
        provider, error_message)
      select ${office.id}, ${capped?.id ?? ""}, p, ${
      capped?.sender ?? ""
    }, 'Earlier', 'GSM-7', 1, 'delivered', 'twilio',
        'written by the test' from unnest(${loyal}::text[]) p`;
  });
  const campaign = await addCampaign(office, { numbers: numbers.map(({ id }) => id) });
  await move(office.admin, campaign.id, "start");
  await campaignUntil(
    office.admin,
    campaign.id,
    "all that may go out today",
    ({ targets }) => targets.sent === 24 && targets.pending === 6,
  );
  const carried = await until(async () => {
    const list = await carriedFrom(
      stackUnderTest().carrier_url,
      numbers.map(({ sender }) => sender),
    );
    return list.length === 24 ? list : null;
  }, { what: "24 texts at the carrier" });
  assert.equal(carried.filter(({ from }) => from === capped?.sender).length, 4);
  assert.equal(carried.filter(({ from }) => from === free?.sender).length, 20);
  const waiting = await withDatabase((sql) =>
    sql`select t.phone, t.send_after = ((now() at time zone a.cap_zone)::date + 1)::timestamp at time zone a.cap_zone as midnight
      from public.campaign_targets t, public.sms_accounts a
      where t.campaign_id = ${campaign.id} and t.status = 'pending' and a.id = ${capped?.id ?? ""}`
  );
  assert.ok(
    waiting.every((row) => loyal.includes(row["phone"]) && row["midnight"]),
    JSON.stringify(waiting),
  );
}

/** A campaign to special numbers and one person whose doubtful reply keeps it from being done. */
async function failingCampaign(ending: string, fields: Record<string, unknown>) {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  const prefix = ordinaryNumbers(1)[0]?.slice(0, 7) ?? "";
  const failing = Array.from({ length: 12 }, (_, index) => `${prefix}${10 + index}${ending}`);
  const [doubtful] = ordinaryNumbers(1);
  await addRecipients(
    office,
    [...failing, ...ordinaryNumbers(12), doubtful ?? ""].map((phone) => ({ phone })),
  );
  await withDatabase((sql) =>
    sql`insert into public.reply_reviews (organization_id, phone, message_id)
      values (${office.id}, ${doubtful ?? ""}, gen_random_uuid())`
  );
  const campaign = await addCampaign(office, { pause_after: 24, ...fields });
  await move(office.admin, campaign.id, "start");
  const known = (messages: Record<string, number>) =>
    ["delivered", "failed", "undelivered"].reduce(
      (sum, status) => sum + (messages[status] ?? 0),
      0,
    );
  await campaignUntil(
    office.admin,
    campaign.id,
    "all outcomes",
    ({ messages }) => known(messages) === 24,
  );
  return { office, campaign };
}

async function titlesFor({ admin }: Campaigning): Promise<string[]> {
  const { data } = expectStatus<{ data: { title: string }[] }>(
    await call(admin, "GET", "/notifications"),
    200,
  );
  return data.map(({ title }) => title);
}

Deno.test("A campaign pauses itself on its error rate and on its filtered rate, notifies people, and resumes without pausing again", async () => {
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ["0003", { pause_error_rate: 0.4 }, /^50\.0 % of the messages fail\.$/],
    [
      "0007",
      { pause_error_rate: 1, pause_filtered_rate: 0.3 },
      /^Carriers filter 50\.0 % of the messages\.$/,
    ],
  ];
  for (const [ending, limits, reason] of cases) {
    const { office, campaign } = await failingCampaign(ending, limits);
    const paused = await tendedUntil(office.admin, campaign.id, "paused");
    assert.match(paused.status_reason ?? "", reason);
    assert.ok((await titlesFor(office)).includes("Open day was paused"));
    await move(office.admin, campaign.id, "resume");
    await tend();
    assert.equal((await readCampaign(office.admin, campaign.id)).status, "running");
  }
  const { office, campaign } = await failingCampaign("0003", {
    pause_error_rate: 0.5,
    pause_filtered_rate: 0.5,
  });
  await tend();
  const { status } = await readCampaign(office.admin, campaign.id);
  assert.equal(status, "running", "half is not more than half");
});

Deno.test("A number that rests sends for no campaign until its rest is over", async () => {
  const { office, numbers } = await officeWith({
    numbers: [null, null],
    organization: null,
    perMinute: null,
  });
  await addRecipients(office, ordinaryNumbers(40).map((phone) => ({ phone })));
  const [cooling, active] = numbers;
  await withDatabase((sql) =>
    sql`update public.sms_accounts set cooldown_until = now() + interval '1 hour' where id = ${
      cooling?.id ?? ""
    }`
  );
  const first = await addCampaign(office, { numbers: numbers.map(({ id }) => id) });
  const second = await addCampaign(office, { numbers: [cooling?.id] });
  for (const { id } of [first, second]) await move(office.admin, id, "start");
  await campaignUntil(
    office.admin,
    first.id,
    "the other number's texts",
    ({ messages }) => messages["delivered"] === 40,
  );
  const waits = await campaignUntil(
    office.admin,
    second.id,
    "the freeze",
    ({ status }) => status === "running",
  );
  assert.deepEqual([waits.targets.sent, waits.targets.pending], [0, 40]);
  const senders = numbers.map(({ sender }) => sender);
  const before = await carriedFrom(stackUnderTest().carrier_url, senders);
  assert.deepEqual([...new Set(before.map(({ from }) => from))], [active?.sender]);
  const path = `/phone-numbers/${cooling?.id}`;
  expectStatus(await call(office.admin, "PATCH", path, { cooldown_until: null }), 200);
  await invoke("dispatch-messages");
  await campaignUntil(
    office.admin,
    second.id,
    "the rested number's texts",
    ({ targets }) => targets.sent === 40,
  );
});
