import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { outcomeOf, reportedStatus } from "./support/audience.ts";
import {
  acceptedFrom,
  allTargets,
  campaignUntil,
  invoke,
  move,
  readCampaign,
  type TargetBody,
} from "./support/campaigns.ts";
import { checkCarrier, checkRate } from "./support/carrier_checker.ts";
import { withDatabase } from "./support/db.ts";
import { call, expectStatus } from "./support/http.ts";
import { handsetSays } from "./support/twilio.ts";
import { until } from "./support/wait.ts";
import { firstsOf, type Hours, hoursOf, settled } from "./support/whole_outcome.ts";
import { isKnown, newWholeCampaign, type WholeCampaign } from "./support/whole_campaign.ts";

const LEADS = 5_000;
/** Texts a second of each of the three numbers. */
const PER_SECOND = 40;

Deno.test("5,000 leads in six time zones get what the rules give each of them, and the carrier's list agrees", async () => {
  const whole = await newWholeCampaign(LEADS, PER_SECOND);
  const { office, members, campaign } = whole;
  const hours = await withDatabase((sql) => hoursOf(sql, members));
  const began = Date.now();
  const firsts = firstsOf(members);
  // At night there are few to whom it goes, and some of them must still be waiting at the pause.
  const awake = members.filter(({ phone }) => phone !== null && hours.isOpen(phone, began)).length;
  await checkPreview(whole, firsts);

  await move(office.admin, campaign.id, "start");
  await campaignUntil(
    office.admin,
    campaign.id,
    "the first texts",
    ({ status, targets }) => status === "running" && targets.sent >= Math.min(300, awake / 8),
  );
  const before = await pausedTargets(whole);
  const resumed = Date.now();
  const stopped = await spoilTheRest(whole, before);
  await move(office.admin, campaign.id, "resume");
  await Promise.all([invoke("dispatch-messages"), invoke("dispatch-messages")]);
  const racers = await stopWhileSending(whole, before, stopped);
  await decideDoubts(whole);

  await withDatabase((sql) => settled(sql, campaign.id));

  const targets = await allTargets(office.admin, campaign.id);
  assert.equal(new Set(targets.map(({ lead_id }) => lead_id)).size, targets.length);
  const found = new Map(targets.map((target) => [target.lead_id, target]));
  for (const member of members) {
    const { lead, phone } = member;
    const target = found.get(lead);
    const earlier = before.get(lead);
    const given = {
      firstOfNumber: firsts.has(lead),
      reached: earlier?.status === "sent" || Date.parse(earlier?.send_after ?? "") > resumed,
    };
    // Where hours began or ended meanwhile, or STOP came while texts went out, either outcome is right.
    const allowed = [began, Date.now()].map((at) =>
      outcomeOf(member, { ...given, open: phone !== null && hours.isOpen(phone, at) })
    );
    if (racers.has(phone ?? "")) {
      allowed.push({ target: "excluded", reason: "suppressed", message: null });
    }
    const came = {
      target: target?.status ?? null,
      reason: target?.reason ?? null,
      message: reportedStatus(phone, target?.message_status ?? null),
    };
    assert.ok(
      allowed.some((outcome) => isDeepStrictEqual(outcome, came)),
      `${JSON.stringify(member)} came to ${JSON.stringify(came)}, not ${JSON.stringify(allowed)}`,
    );
  }
  await checkTheCarrier(whole, new Map([...stopped, ...racers]), hours);
});

/** The preview excludes for the reasons that are known beforehand, each as often as the rules say. */
async function checkPreview({ office, campaign, members }: WholeCampaign, firsts: Set<string>) {
  const preview = expectStatus<{ audience: number; excluded: Record<string, number> }>(
    await call(office.admin, "POST", `/campaigns/${campaign.id}/preview`),
    200,
  );
  const counted: Record<string, number> = {};
  for (const member of members.filter(({ kind }) => kind !== "deleted_before")) {
    const { reason } = outcomeOf(member, {
      open: true,
      firstOfNumber: firsts.has(member.lead),
      reached: true,
    });
    if (reason === null || ["frequency_cap", "missing_variable"].includes(reason)) continue;
    counted[reason] = (counted[reason] ?? 0) + 1;
  }
  assert.equal(preview.audience, members.filter(({ kind }) => kind !== "deleted_before").length);
  assert.deepEqual(preview.excluded, counted);
}

/** Pauses, waits for what is under way, and reads all targets by lead. */
async function pausedTargets({ office, campaign }: WholeCampaign) {
  await move(office.admin, campaign.id, "pause");
  await until(
    async () => !(await readCampaign(office.admin, campaign.id)).messages["sending"],
    { timeoutMs: 180_000, what: "the texts under way at the pause" },
  );
  const targets = await allTargets(office.admin, campaign.id);
  return new Map(targets.map((target) => [target.lead_id, target]));
}

/** What happens to some during the pause: leads are deleted, get another number, say STOP. Answers who said it, and when. */
async function spoilTheRest(
  { members, senders }: WholeCampaign,
  before: Map<string, TargetBody>,
) {
  const waiting = (kind: string) =>
    members.filter((member) =>
      member.kind === kind && before.get(member.lead)?.status === "pending"
    );
  await withDatabase(async (sql) => {
    const ids = (kind: string) => waiting(kind).map(({ lead }) => lead);
    await sql`update public.leads set deleted_at = now() where id = any (${
      ids("deleted_later")
    }::uuid[])`;
    await sql`update public.leads set phone = '+23320' || right(phone, 7) where id = any (${
      ids("moved_later")
    }::uuid[])`;
  });
  const stopped = new Map<string, number>();
  for (const { phone } of waiting("stops_later")) {
    await handsetSays(phone ?? "", senders[0]?.number ?? "", "Please stop texting me");
    stopped.set(phone ?? "", Date.now());
  }
  return stopped;
}

/** Some say STOP while texts go out. Whether they get theirs is a matter of the moment, but never after it. */
async function stopWhileSending(
  { members, senders }: WholeCampaign,
  before: Map<string, TargetBody>,
  stopped: Map<string, number>,
): Promise<Map<string, number>> {
  const racers = members.filter(({ kind, lead, phone }) =>
    kind === "ordinary" && before.get(lead)?.status === "pending" && !stopped.has(phone ?? "") &&
    Date.parse(before.get(lead)?.send_after ?? "") <= Date.now()
  ).filter((_, index) => index % 40 === 0).slice(0, 25);
  assert.ok(racers.length > 0, "some are still waiting");
  const said = await Promise.all(racers.map(async ({ phone }): Promise<[string, number]> => {
    await handsetSays(phone ?? "", senders[1]?.number ?? "", "STOP");
    return [phone ?? "", Date.now()];
  }));
  return new Map(said);
}

/** A person decides that the doubtful replies meant nothing. Those whose places are awake get their text. */
async function decideDoubts({ office, members }: WholeCampaign) {
  const open = expectStatus<{ data: { id: string; phone: string }[]; total: number }>(
    await call(office.admin, "GET", "/suppressions/reviews?status=open&limit=200"),
    200,
  );
  assert.equal(open.total, members.filter(({ kind }) => kind === "doubtful").length);
  for (const { id } of open.data) {
    const path = `/suppressions/reviews/${id}/decide`;
    expectStatus(await call(office.admin, "POST", path, { decision: "dismissed" }), 200);
  }
}

/** The carrier's list against ours, text by text, and against the rules. */
async function checkTheCarrier(
  { office, members, senders, campaign, variants }: WholeCampaign,
  stopped: Map<string, number>,
  hours: Hours,
) {
  const texts = (await Promise.all(senders.map(({ number }) => acceptedFrom(number)))).flat();
  const confirmations = texts.filter(({ body }) => /you are unsubscribed/.test(body));
  assert.deepEqual(confirmations.map(({ to }) => to).sort(), [...stopped.keys()].sort());
  const carried = texts.filter((text) => !confirmations.includes(text));
  const { ours, claims } = await withDatabase(async (sql) => ({
    ours: await sql<Sent[]>`
      select m.id, m.provider_message_id, m.to_number, m.from_number, m.body, m.variant_id, m.consent_id, m.expires_at
      from public.messages m where m.campaign_id = ${campaign.id}`,
    claims: await sql<{ account_id: string; to_number: string; judged_at: Date; at: Date }[]>`
      select m.account_id, m.to_number, m.checked_at as judged_at, e.occurred_at as at from public.message_events e
      join public.messages m on m.id = e.message_id
      where m.organization_id = ${office.id} and m.purpose = 'custom' and e.status = 'sending'`,
  }));
  assert.deepEqual(
    carried.map(({ id, to, from, body }) => `${id} ${to} ${from} ${body}`).sort(),
    ours.filter((m) => m.provider_message_id !== null).map((m) =>
      `${m.provider_message_id} ${m.to_number} ${m.from_number} ${m.body}`
    ).sort(),
  );
  checkCarrier(
    carried.map((text) => ({ ...text, at: Date.parse(text.accepted_at) })),
    {
      // From the moment that the webhook had answered: whatever was claimed before may still have been under way.
      forbidden: new Map(
        [...stopped].filter(([to, at]) =>
          claims.every((claim) => claim.to_number !== to || claim.judged_at.getTime() > at)
        ),
      ),
      isOpen: hours.isOpen,
      senders: senders.map(({ number }) => number),
      knownFrom: new Map(
        members.filter(({ kind, phone }) => kind === "ordinary" && isKnown(phone))
          .map(({ phone }) => [phone ?? "", senders[2]?.number ?? ""]),
      ),
    },
  );
  for (const { to_number, expires_at, consent_id } of ours) {
    assert.ok(consent_id !== null, `${to_number}: by which consent`);
    const { closes } = hours.windowOf(to_number, Date.now());
    assert.ok((expires_at?.getTime() ?? Infinity) <= closes, `${to_number}: valid after its hours`);
  }
  for (const { to_number: to, judged_at } of claims) {
    assert.ok(
      judged_at.getTime() <= (stopped.get(to) ?? Infinity),
      `${to} was claimed after its STOP`,
    );
  }
  for (const { id, number, perSecond } of senders) {
    checkRate(timesOf(claims.filter(({ account_id }) => account_id === id)), perSecond, number);
  }
  checkRate(timesOf(claims), 2.5 * PER_SECOND, "the organization");
  checkWeights(ours, variants);
}

const timesOf = (claims: { judged_at: Date; at: Date }[]) =>
  claims.map(({ judged_at, at }) => ({ began: judged_at.getTime(), at: at.getTime() }));

interface Sent {
  id: string;
  provider_message_id: string | null;
  to_number: string;
  from_number: string;
  body: string;
  variant_id: string;
  consent_id: string | null;
  expires_at: Date | null;
}

/** Each wording's share is within five standard deviations of its weight. */
function checkWeights(ours: readonly Sent[], variants: WholeCampaign["variants"]) {
  const whole = variants.reduce((sum, { weight }) => sum + weight, 0);
  for (const { id, weight } of variants) {
    const share = weight / whole;
    const count = ours.filter(({ variant_id }) => variant_id === id).length;
    const spread = Math.sqrt(ours.length * share * (1 - share));
    assert.ok(Math.abs(count - ours.length * share) <= 5 * spread, `${count} of ${ours.length}`);
  }
}
