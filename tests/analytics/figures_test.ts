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
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, addMemberWith } from "../support/people.ts";
import { textDifferences } from "../support/recount_texts.ts";
import { numberEnding } from "../support/texts.ts";
import { handsetSays } from "../support/twilio.ts";

interface Figures {
  total: number;
  delivered: number;
  undelivered: number;
  failed: number;
  accepted: number;
  segments: number;
  replies: number;
  opt_outs: number;
  answers: number;
  delivery_rate: number | null;
  failure_rate: number | null;
  reply_rate: number | null;
  opt_out_rate: number | null;
}
type Interval = { rate: number; low: number; high: number } | null;
interface WithIntervals extends Figures {
  intervals: { delivery: Interval; reply: Interval; opt_out: Interval };
}
interface AlertBody {
  id: string;
  kind: string;
  cases: number;
  sample: number;
  threshold: number;
  resolved_at: string | null;
  resolution: string | null;
}
interface CampaignBody {
  targets: Record<string, number>;
  excluded: { reason: string; text: string; targets: number }[];
  texts: WithIntervals;
  failures: { status: string; error_code: string; texts: number; text: string | null }[];
  costs: { estimated: { currency: string; amount: string } | null; unpriced_segments: number };
  duration_seconds: number;
  texts_per_minute: number;
  variants: (WithIntervals & { variant_id: string; label: string; replied_more_than: string[] })[];
  numbers: (WithIntervals & { phone_number_id: string; number: string })[];
  hours: (Figures & { hour: string })[];
  alerts: AlertBody[];
}
interface PeriodBody {
  from: string;
  to: string;
  texts: Figures;
  campaign_texts: Figures;
  other_texts: Figures;
  received: number;
  suppressions: { added: number; by_source: Record<string, number> };
}
interface DashboardBody {
  time_zone: string;
  period: PeriodBody;
  previous: PeriodBody;
  days: { date: string; texts: Figures; campaign_texts: Figures; other_texts: Figures }[];
  failures: CampaignBody["failures"];
  numbers: { id: string; texts: Figures; health: { messages: number } }[];
  alerts: AlertBody[];
  campaigns: Record<string, number>;
  conversations: { open: number; unread: number };
}

const analytics = async (session: Caller, id: string): Promise<CampaignBody> =>
  expectStatus(await call(session, "GET", `/analytics/campaigns/${id}`), 200);
const dashboard = async (session: Caller, query = ""): Promise<DashboardBody> =>
  expectStatus(await call(session, "GET", `/analytics/dashboard${query}`), 200);

/** Sends a campaign to these numbers and waits for the last report. */
async function sent(
  office: Campaigning,
  phones: (string | null)[],
  known: number,
): Promise<string> {
  await addRecipients(office, phones.map((phone) => ({ phone })));
  const { id } = await addCampaign(office);
  await move(office.admin, id, "start");
  await campaignUntil(
    office.admin,
    id,
    "every report",
    ({ messages, targets }) =>
      targets.total === phones.length && targets.pending === 0 &&
      ["delivered", "undelivered", "failed"].reduce((sum, key) => sum + (messages[key] ?? 0), 0) ===
        known,
  );
  return id;
}

Deno.test("A campaign's figures are exact: outcomes, reasons, answers, opt-outs and their intervals", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required", currency: "USD" });
  const { admin, number } = office;
  const plain = ordinaryNumbers(13);
  const at = (place: number) => plain[place] ?? "";
  await withDatabase(async (sql) => {
    await sql`insert into public.suppressions (organization_id, phone, source)
      values (${office.id}, ${at(12)}, 'manual')`;
    await sql`update public.sms_accounts set segment_price = 0.01 where id = ${office.account}`;
  });
  const odd = ["0005", "0007", "0001", "0004"].map(numberEnding);
  const id = await sent(office, [...plain, ...odd, null], 16);

  await handsetSays(at(0), number, "How much is it?");
  await handsetSays(at(0), number, "And is Saturday possible?");
  await handsetSays(at(1), number, "STOP");
  await handsetSays(at(2), number, "Is there parking?");
  await handsetSays(at(2), number, "please stop texting me");
  await handsetSays(ordinaryNumbers(1)[0] ?? "", number, "Who are you?");

  const body = await analytics(admin, id);
  assert.deepEqual(body.targets, { total: 18, pending: 0, sent: 16, excluded: 2, canceled: 0 });
  assert.deepEqual(
    body.excluded.map(({ reason, targets }) => [reason, targets]).sort(),
    [["no_phone", 1], ["suppressed", 1]],
  );
  const { intervals, ...texts } = body.texts;
  assert.deepEqual(texts, {
    total: 16,
    queued: 0,
    sending: 0,
    sent: 0,
    delivered: 12,
    undelivered: 2,
    failed: 2,
    canceled: 0,
    suppressed: 0,
    accepted: 14,
    segments: 16,
    replies: 2,
    opt_outs: 2,
    answers: 5,
    delivery_rate: 0.75,
    failure_rate: 0.25,
    reply_rate: 0.1667,
    opt_out_rate: 0.1667,
  });
  assert.deepEqual(intervals, {
    delivery: { rate: 0.75, low: 0.505017, high: 0.898179 },
    reply: { rate: 0.166667, low: 0.046965, high: 0.448031 },
    opt_out: { rate: 0.166667, low: 0.046965, high: 0.448031 },
  });
  assert.deepEqual(
    body.failures.map(({ error_code, texts }) => [error_code, texts]).sort(),
    [["21211", 1], ["21610", 1], ["30005", 1], ["30007", 1]],
  );
  for (const failure of body.failures) assert.ok(failure.text, `${failure.error_code} has words`);
  assert.deepEqual(body.costs, {
    reported: [],
    estimated: { currency: "USD", amount: "0.14000" },
    unpriced_segments: 0,
  });
  assert.deepEqual(body.numbers.map(({ number, replies, total }) => [number, replies, total]), [
    [number, 2, 16],
  ]);
  assert.deepEqual(body.variants.map(({ variant_id, opt_outs }) => [variant_id, opt_outs]), [
    [office.template, 2],
  ]);
  assert.equal(body.hours.reduce((sum, hour) => sum + hour.total, 0), 16);
  assert.equal(body.hours.reduce((sum, hour) => sum + hour.answers, 0), 5);
  assert.match(body.hours[0]?.hour ?? "", /^20\d\d-\d\d-\d\dT\d\d:00$/);
  assert.ok(body.duration_seconds >= 0 && body.texts_per_minute > 0);

  const { period, days, numbers, failures, campaigns, conversations } = await dashboard(admin);
  assert.deepEqual({ ...period.campaign_texts }, texts);
  assert.equal(period.received, 6, "the stranger's too");
  assert.equal(period.other_texts.total, 2, "a confirmation for each opt-out");
  assert.equal(period.texts.total, 18);
  // Two by reply, one that the provider told, one by hand.
  assert.deepEqual(period.suppressions, {
    added: 4,
    by_source: { reply: 2, manual: 1, provider: 1 },
  });
  assert.equal(days.length, 30);
  assert.equal(days.reduce((sum, day) => sum + day.texts.total, 0), 18);
  assert.deepEqual(numbers.map(({ id, texts }) => [id, texts.total]).slice(0, 1), [
    [office.account, 18],
  ]);
  assert.equal(failures.length, 4);
  assert.equal(Object.values(campaigns).reduce((sum, count) => sum + count, 0), 1);
  assert.deepEqual(conversations, { open: 4, unread: 4 });
  const narrowed = await dashboard(admin, `?campaign_id=${id}`);
  assert.deepEqual(narrowed.period.texts.total, 16);
  assert.equal(narrowed.period.received, 5);
  assert.deepEqual(await textDifferences(office.id), []);
});

Deno.test("Wordings and numbers are told apart, and an answer counts where the text came from", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  const { admin } = office;
  const second = await withDatabase(async (sql) => {
    const [variant] =
      await sql`insert into public.template_variants (organization_id, template_id, label, body)
      values (${office.id}, ${office.template}, 'Short', 'Open day on Saturday! Reply STOP to opt out.') returning id`;
    const [account] =
      await sql`insert into public.sms_accounts (organization_id, provider, sender_id)
      values (${office.id}, 'twilio', ${`+1556${office.number.slice(-7)}`}) returning sender_id`;
    return { variant: String(variant?.["id"]), number: String(account?.["sender_id"]) };
  });
  const phones = ordinaryNumbers(40);
  const id = await sent(office, phones, 40);
  const wordings = await withDatabase((sql) =>
    sql<{ to_number: string; variant_id: string }[]>`
      select to_number, variant_id from public.messages where campaign_id = ${id}`
  );
  const short = wordings.filter(({ variant_id }) => variant_id === second.variant);
  assert.ok(short.length > 5 && short.length < 35, "both wordings went out");
  for (const { to_number } of short.slice(0, 5)) {
    await handsetSays(to_number, office.number, "Tell me more");
  }
  // Somebody writes to another number of the organization's than the one that texted.
  await handsetSays(short[5]?.to_number ?? "", second.number, "Hello?");
  const { variants, numbers } = await analytics(admin, id);
  assert.deepEqual(
    variants.map(({ variant_id, label, total, replies }) => [variant_id, label, total, replies])
      .sort((a, b) => Number(b[3]) - Number(a[3])),
    [[second.variant, "Short", short.length, 6], [office.template, null, 40 - short.length, 0]],
  );
  assert.deepEqual(numbers.map(({ number, replies }) => [number, replies]), [[office.number, 6]]);
  assert.deepEqual(await textDifferences(office.id), []);
});

Deno.test("Days are the organization's own, with midnight where its clock has it", async () => {
  const office = await newCampaigning({ country: "US", time_zone: "America/New_York" });
  const texts = [
    ["2026-11-01 00:00", "delivered"], // The longest day of the year: clocks are put back.
    ["2026-11-01 23:59", "undelivered"],
    ["2026-11-02 00:00", "delivered"],
    ["2026-10-31 23:59", "delivered"],
    ["2026-10-30 00:00", "delivered"],
    ["2026-10-29 23:59", "delivered"],
    ["2026-11-03 00:00", "delivered"],
  ];
  await withDatabase(async (sql) => {
    for (const [at, status] of texts) {
      // With ids of today: in time to come these months have no partitions any more.
      await sql`insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments,
          status, provider, created_at)
        select ${office.id}, ${office.account}, '+233244000001', ${office.number}, 'x', 'GSM-7', 1,
          ${status ?? ""}, 'twilio', t.at
        from (select ${at ?? ""}::text::timestamp at time zone 'America/New_York' as at) t`;
    }
  });
  const body = await dashboard(office.admin, "?from=2026-11-01&to=2026-11-02");
  assert.equal(body.time_zone, "America/New_York");
  assert.deepEqual(
    body.days.map(({ date, texts, other_texts }) => [date, texts.total, other_texts.delivered]),
    [
      ["2026-11-01", 2, 1],
      ["2026-11-02", 1, 1],
    ],
  );
  assert.deepEqual(
    [body.previous.from, body.previous.to, body.previous.texts.total],
    ["2026-10-30", "2026-10-31", 2],
  );
  assert.equal(body.period.texts.delivery_rate, 0.6667);
  const last = await dashboard(office.admin, "?from=2026-11-02&to=2026-11-02");
  assert.deepEqual(last.days.map(({ texts }) => texts.total), [1]);
  const yesterday = new Date(Date.now() - 86_400_000)
    .toLocaleDateString("sv", { timeZone: "America/New_York" });
  const open = await dashboard(office.admin, `?from=${yesterday}`);
  assert.equal(open.days[0]?.date, yesterday, "a period without an end is until today");
  const empty = await dashboard(office.admin, "?from=2025-01-01&to=2025-04-02");
  assert.equal(empty.days.length, 92);
  assert.equal(empty.period.texts.delivery_rate, null);
  assert.deepEqual(await textDifferences(office.id), []);
});

Deno.test("Analytics say what is wrong with a question, and answer only those who may read campaigns", async () => {
  const office = await newCampaigning();
  const { id } = await addCampaign(office);
  const { admin } = office;
  const fresh = await analytics(admin, id);
  assert.equal(fresh.texts.total, 0);
  assert.equal(fresh.texts.intervals.reply, null);
  assert.deepEqual(fresh.variants, []);
  const bad = [
    "from=2026-11-02&to=2026-11-01",
    "from=2026-01-01&to=2026-11-01",
    "from=0001-01-01",
    "to=9999-12-31",
    "from=2026-02-30",
    "from=yesterday",
    "from=2026-11-01T00:00:00Z",
    "campaign_id=x",
    "from=",
  ];
  for (const query of bad) {
    expectProblem(await call(admin, "GET", `/analytics/dashboard?${query}`), 422);
  }
  assert.equal((await dashboard(admin, "?from=2026-10-01&to=2026-12-31")).days.length, 92);
  expectProblem(await call(admin, "GET", "/analytics/campaigns/x"), 422);
  const other = await newCampaigning();
  for (const path of [`campaigns/${id}`, `dashboard?campaign_id=${id}`]) {
    expectProblem(await call(other.admin, "GET", `/analytics/${path}`), 404);
    expectStatus(await call(await addMember(office, "viewer"), "GET", `/analytics/${path}`), 200);
    for (const session of [await addMember(office, "operator"), await addMemberWith(office, [])]) {
      expectProblem(await call(session, "GET", `/analytics/${path}`), 403);
    }
  }
});
