/* What must be true of a campaign at its end: the model's outcomes against ours, and the carrier's log against the law. */
import assert from "node:assert/strict";
import { firstsOf, type Lead } from "./campaign_crowd.ts";
import { type Fate, openingAt, type Rules, statusOf } from "./campaign_model.ts";
import {
  type Carried,
  type Claim,
  claimRateHeld,
  listsAgree,
  longestWay,
  noneClaimedPastOptOut,
  nonePastOptOut,
  noneTwice,
  type Ours,
  provable,
  rateHeld,
  senderKept,
  withinHours,
  wordsHeld,
} from "./carrier_log.ts";

/** A target as the API and the table show it. */
export interface Outcome {
  lead_id: string;
  phone: string | null;
  status: string;
  reason: string | null;
  message_id: string | null;
}

const FATES: Fate[] = [
  "absent",
  "no_phone",
  "duplicate_number",
  "suppressed",
  "dnc",
  "litigator",
  "no_consent",
  "consent_revoked",
  "lead_deleted",
  "number_changed",
  "missing_variable",
  "frequency_cap",
  "pending",
  "sent",
];

function fateOf(target: Outcome | undefined, ours: Map<string, Ours>): Fate {
  if (target === undefined) return "absent";
  const { status, reason, message_id, phone } = target;
  assert.equal(reason !== null, status === "excluded", `${phone} is ${status} for ${reason}`);
  assert.equal(message_id !== null, status === "sent", `${phone} is ${status}`);
  if (message_id !== null) assert.equal(ours.get(message_id)?.to_number, phone, "its own text");
  return reason ?? status;
}

/** Each lead has one of the outcomes that are right for it, and every outcome that may be is somebody's. */
export function outcomesHold(
  leads: Lead[],
  targets: Outcome[],
  ours: Ours[],
  allowed: (lead: Lead, target: Outcome | undefined) => Fate[],
  nobodys: Fate[] = [],
): void {
  const byLead = new Map(targets.map((target) => [target.lead_id, target]));
  assert.equal(byLead.size, targets.length, "one target a lead");
  const byId = new Map(ours.map((message) => [message.id, message]));
  const seen = new Set<Fate>();
  const faults: string[] = [];
  for (const lead of leads) {
    const target = byLead.get(lead.id);
    const [got, wanted] = [fateOf(target, byId), allowed(lead, target)];
    byLead.delete(lead.id);
    seen.add(got);
    if (!wanted.includes(got)) {
      faults.push(`${lead.situation} ${lead.frozen.phone}: ${got}, not ${wanted.join(" or ")}`);
    }
  }
  assert.deepEqual(faults.slice(0, 10), [], `${faults.length} wrong outcomes`);
  assert.deepEqual([...byLead.keys()], [], "targets of nobody in the audience");
  const missing = FATES.filter((fate) => !seen.has(fate) && !nobodys.includes(fate));
  assert.deepEqual(missing, [], "outcomes of nobody");
}

/**
 * Each text of the campaign says what its wording makes of its lead, and ended as the carrier's special numbers do. One
 * that was lost may have been forbidden by the time of its second attempt, or wait for a person.
 */
export function textsHold(
  leads: Lead[],
  texts: Ours[],
  { wordings, organization }: { wordings: Map<string, string>; organization: string },
): void {
  const firsts = firstsOf(leads);
  const places = new Map(
    leads.flatMap(({ id, frozen }, place) => firsts.has(id) ? [[frozen.phone, place]] : []),
  );
  for (const message of texts) {
    const { to_number: to, status, error_code, attempts, held_at } = message;
    const body = wordings.get(message.variant_id ?? "") ?? "";
    assert.equal(
      message.body,
      body.replace(/\{\{first_name(\|there)?\}\}/, `Lead ${places.get(to)}`)
        .replace("{{last_name}}", "Mensah").replace("{{organization}}", organization),
    );
    if (status === "suppressed" && attempts > 1) continue;
    if (status === "sending" && held_at !== null) continue;
    const ends = statusOf(to);
    assert.ok(ends.status.includes(status), `${to} is ${status}`);
    if (ends.code !== null) assert.equal(error_code, ends.code);
  }
}

/** All that is known of a campaign's texts at its end. */
export interface Proof {
  rules: Rules;
  leads: Lead[];
  /** What the carrier took from the campaign's numbers. */
  carried: Carried[];
  /** What we hold of these numbers: the campaign's texts, and confirmations of opt-outs. */
  ours: Ours[];
  claims: Claim[];
  /** When we had acknowledged an opt-out, by number. */
  known: Map<string, number>;
  /** Who was texted from which number before. */
  kept: Map<string, string>;
  numbers: string[];
  /** Texts a second. */
  rates: { number: number; organization?: number; campaign?: number };
}

/** Goes through the carrier's log. */
export function lawHolds(
  { rules, leads, carried, ours, claims, known, kept, numbers, rates }: Proof,
): void {
  listsAgree(carried, ours);
  const ofCampaign = ours.filter(({ category }) => category === "marketing");
  const ids = new Set(ofCampaign.map((message) => message.provider_message_id));
  const texts = carried.filter(({ id }) => ids.has(id));
  noneTwice(texts);
  nonePastOptOut(texts, ours, known);
  noneClaimedPastOptOut(claims, known);
  senderKept(texts, kept);
  wordsHeld(texts, numbers);
  const byPhone = new Map(leads.map((lead) => [lead.frozen.phone, lead]));
  const opening = (to: string, at: number) => {
    const lead = byPhone.get(to);
    assert.ok(lead, `${to} is nobody's number`);
    return openingAt(rules, lead.frozen, at);
  };
  withinHours(texts, opening);
  provable(ofCampaign, (to, at) => opening(to, at).closesAt);
  // Refused and doubtful texts have no line of their own, and a second attempt is granted anew.
  const delay = longestWay(texts, ours);
  const of = <T extends { from: string }>(list: T[], number: string) =>
    list.filter(({ from }) => from === number);
  const claimed = claims.map((claim) => ({ ...claim, from: claim.from_number }));
  for (const number of numbers) {
    rateHeld(number, of(carried, number), rates.number, delay);
    claimRateHeld(number, of(claimed, number), rates.number);
  }
  if (rates.organization !== undefined) {
    rateHeld("the organization", carried, rates.organization, delay);
    claimRateHeld("the organization", claims, rates.organization);
  }
  if (rates.campaign !== undefined) {
    rateHeld("the campaign", texts, rates.campaign, delay);
    claimRateHeld("the campaign", claims, rates.campaign);
  }
}

/** Numbers that opted out while the campaign went out got one confirmation each; no other number did. */
export function confirmationsHold(carried: Carried[], ours: Ours[], stopped: string[]): void {
  const told = ours.filter(({ category }) => category === "service");
  assert.deepEqual(told.map((message) => message.to_number).sort(), stopped.toSorted());
  const ids = new Set(told.map((message) => message.provider_message_id));
  const confirmations = carried.filter(({ id }) => ids.has(id));
  assert.deepEqual(confirmations.map(({ to }) => to).sort(), stopped.toSorted());
  for (const { body } of confirmations) assert.match(body, /you are unsubscribed/);
}
