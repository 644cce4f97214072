import assert from "node:assert/strict";
import { firstsOf, type Lead } from "../support/campaign_crowd.ts";
import { changeAfterFreeze } from "../support/campaign_facts.ts";
import { confirmationsHold, lawHolds, outcomesHold, textsHold } from "../support/campaign_laws.ts";
import { type Fate, openingAt, outcomeOf } from "../support/campaign_model.ts";
import { carriedFrom, claimsOf, confirmed, ourTexts, settled } from "../support/campaign_record.ts";
import {
  allTargets,
  campaignUntil,
  move,
  readCampaign,
  type TargetBody,
} from "../support/campaigns.ts";
import { weightsHeld } from "../support/carrier_log.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { invoke } from "../support/jobs.ts";
import { stackUnderTest } from "../support/stack.ts";
import { handsetSays } from "../support/twilio.ts";
import { until } from "../support/wait.ts";
import { newWholeCampaign, type WholeCampaign } from "../support/whole_campaign.ts";

const LEADS = 5_000;
/** Texts a second of each of the three numbers. */
const PER_SECOND = 40;

Deno.test("5,000 leads in six time zones get what the rules give each of them, and the carrier's list agrees", async () => {
  const whole = await newWholeCampaign(LEADS, PER_SECOND);
  const { office, leads, campaign, senders, kept, rules, wordings } = whole;
  const began = Date.now();
  const firsts = firstsOf(leads);
  // At night there are few to whom it goes, and some of them must still be waiting at the pause.
  const open =
    leads.filter(({ frozen }) => frozen.phone !== null && openingAt(rules, frozen, began).open)
      .length;
  await checkPreview(whole, firsts, began);

  await move(office.admin, campaign.id, "start");
  await campaignUntil(
    office.admin,
    campaign.id,
    "the first texts",
    ({ status, targets }) => status === "running" && targets.sent >= Math.min(300, open / 8),
  );
  const before = await pausedTargets(whole);
  const resumed = Date.now();
  const stopped = await changeTheRest(whole, before);
  await move(office.admin, campaign.id, "resume");
  await Promise.all([invoke("dispatch-messages"), invoke("dispatch-messages")]);
  const racers = await stopWhileSending(whole, before);
  await decideReviews(whole);
  const known = new Map([...stopped, ...racers]);

  const { ours, claims } = await withDatabase(async (sql) => {
    await settled(sql, campaign.id);
    await confirmed(sql, office.id, known.size);
    return { ours: await ourTexts(sql, office.id), claims: await claimsOf(sql, campaign.id) };
  });
  const targets = await allTargets(office.admin, campaign.id);
  const ended = Date.now();
  const allowed = (lead: Lead): Fate[] => {
    const earlier = before.get(lead.id);
    const reached = earlier?.status === "sent" || Date.parse(earlier?.send_after ?? "") > resumed;
    // A person has decided that the doubtful replies meant nothing.
    const facts = { ...(reached ? lead.frozen : lead.claimed), doubtful: false };
    if (!reached && stopped.has(lead.frozen.phone ?? "")) facts.suppressed = "all";
    const { id, frozen } = lead;
    // Where hours began or ended meanwhile, or STOP came while texts went out, either outcome is right.
    const fates = [began, ended].map((at) =>
      outcomeOf(rules, { frozen, claimed: facts }, {
        earlier: !firsts.has(id),
        needsLastName: true,
        at,
      })
    );
    return racers.has(frozen.phone ?? "") ? [...fates, "suppressed"] : fates;
  };
  // By day nobody may be left who waits.
  outcomesHold(leads, targets, ours, allowed, ["pending"]);

  const numbers = senders.map(({ number }) => number);
  const carried = await carriedFrom(stackUnderTest().carrier_url, numbers);
  const rates = { number: PER_SECOND, organization: 2.5 * PER_SECOND };
  lawHolds({ rules, leads, carried, ours, claims, known, kept, numbers, rates });
  confirmationsHold(carried, ours, [...known.keys()]);
  const texts = ours.filter(({ category }) => category === "marketing");
  textsHold(leads, texts, { wordings, organization: "Campaign School" });
  const counts = [...wordings.keys()].map((id) =>
    texts.filter(({ variant_id }) => variant_id === id).length
  );
  weightsHeld(counts, [1, 3]);
});

/** The preview excludes for the reasons that are known beforehand, each as often as the rules say. */
async function checkPreview(
  { office, campaign, leads, rules }: WholeCampaign,
  firsts: Set<string>,
  at: number,
) {
  const preview = expectStatus<{ audience: number; excluded: Record<string, number> }>(
    await call(office.admin, "POST", `/campaigns/${campaign.id}/preview`),
    200,
  );
  const counted: Record<string, number> = {};
  const living = leads.filter(({ frozen }) => !frozen.deleted);
  for (const { id, frozen } of living) {
    const fate = outcomeOf(rules, { frozen, claimed: frozen }, {
      earlier: !firsts.has(id),
      needsLastName: true,
      at,
    });
    if (["sent", "pending", "frequency_cap", "missing_variable"].includes(fate)) continue;
    counted[fate] = (counted[fate] ?? 0) + 1;
  }
  assert.equal(preview.audience, living.length);
  assert.deepEqual(preview.excluded, counted);
}

/** Pauses, waits for what is under way, and reads all targets by lead. */
async function pausedTargets({ office, campaign }: WholeCampaign) {
  await move(office.admin, campaign.id, "pause");
  await until(
    async () => !(await readCampaign(office.admin, campaign.id)).messages["sending"],
    { timeoutMs: 300_000, what: "the texts under way at the pause" },
  );
  const targets = await allTargets(office.admin, campaign.id);
  return new Map(targets.map((target) => [target.lead_id, target]));
}

/** What happens to some during the pause, and who says STOP then. Answers when each of them was heard. */
async function changeTheRest(
  { office, leads, senders }: WholeCampaign,
  before: Map<string, TargetBody>,
) {
  const waiting = leads.filter(({ id }) => before.get(id)?.status === "pending");
  await withDatabase((sql) => changeAfterFreeze(sql, office.id, waiting));
  const stopped = new Map<string, number>();
  for (const { frozen: { phone } } of waiting.filter(({ situation }) => situation === "stops")) {
    await handsetSays(phone ?? "", senders[0]?.number ?? "", "Please stop texting me");
    stopped.set(phone ?? "", Date.now());
  }
  assert.ok(stopped.size > 0, "some say STOP during the pause");
  return stopped;
}

/** Some say STOP while texts go out. Whether they get theirs is a matter of the moment, but never after it. */
async function stopWhileSending(
  { leads, senders }: WholeCampaign,
  before: Map<string, TargetBody>,
): Promise<Map<string, number>> {
  const racers = leads.filter(({ situation, id }) =>
    situation === "ordinary" && before.get(id)?.status === "pending" &&
    Date.parse(before.get(id)?.send_after ?? "") <= Date.now()
  ).filter((_, index) => index % 40 === 0).slice(0, 25);
  assert.ok(racers.length > 0, "some are still waiting");
  const said = await Promise.all(racers.map(async ({ frozen }): Promise<[string, number]> => {
    await handsetSays(frozen.phone ?? "", senders[1]?.number ?? "", "STOP");
    return [frozen.phone ?? "", Date.now()];
  }));
  return new Map(said);
}

/** A person decides that the doubtful replies are no opt-outs. Where the hours are open, the texts go out. */
async function decideReviews({ office, leads }: WholeCampaign) {
  const open = expectStatus<{ data: { id: string; phone: string }[]; total: number }>(
    await call(office.admin, "GET", "/suppressions/reviews?status=open&limit=200"),
    200,
  );
  assert.equal(open.total, leads.filter(({ frozen }) => frozen.doubtful).length);
  for (const { id } of open.data) {
    const path = `/suppressions/reviews/${id}/decide`;
    expectStatus(await call(office.admin, "POST", path, { decision: "dismissed" }), 200);
  }
}
