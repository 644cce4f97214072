import assert from "node:assert/strict";
import {
  crowdOf,
  firstsOf,
  type Lead,
  quietInDenver,
  steadyPlaces,
} from "../support/campaign_crowd.ts";
import {
  changeAfterFreeze,
  writeFacts,
  writeHistory,
  writeLeads,
} from "../support/campaign_facts.ts";
import {
  confirmationsHold,
  lawHolds,
  type Outcome,
  outcomesHold,
  textsHold,
} from "../support/campaign_laws.ts";
import { type Fate, outcomeOf, type Rules } from "../support/campaign_model.ts";
import {
  carriedFrom,
  claimsOf,
  confirmed,
  ourTexts,
  settled,
  targetsOf,
} from "../support/campaign_record.ts";
import {
  addCampaign,
  type Campaigning,
  campaignUntil,
  move,
  newCampaigning,
} from "../support/campaigns.ts";
import { weightsHeld } from "../support/carrier_log.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { invoke } from "../support/jobs.ts";
import { rowsOf } from "../support/slow_contact_window.ts";
import { stackUnderTest } from "../support/stack.ts";
import { handsetSays } from "../support/twilio.ts";

const SIZE = 2_500;
/** Marketing texts to one number within a day. */
const CAP = 1;
const RATES = { number: 100, organization: 250, campaign: 200 };
const OPT_OUTS = ["STOP", "please stop texting me", "Unsubscribe", "lose my number", "stop"];
const wordings = {
  plain: "Open day on Saturday, {{first_name|there}}! Reply STOP to opt out.",
  strict: "Dear {{first_name}} {{last_name}}, come and see us. Reply STOP to opt out.",
  other: "{{organization}} opens its doors — see you? Text STOP to end",
};

interface Wording {
  body: string;
  weight: number;
}

/** Two templates, the first with a second wording: six, two and one of nine. */
async function addWordings({ admin }: Campaigning) {
  const added = new Map<string, Wording>();
  const templates = [];
  for (
    const [name, weight, body, variants] of [
      ["One", 2, { body: wordings.plain, weight: 3 }, [{
        label: "strict",
        body: wordings.strict,
        weight: 1,
      }]],
      ["Two", 1, { body: wordings.other, weight: 1 }, []],
    ] as const
  ) {
    const template = expectStatus<{ id: string; variants: { id: string }[] }>(
      await call(admin, "POST", "/templates", { name, category: "marketing", ...body, variants }),
      201,
    );
    templates.push({ template_id: template.id, weight });
    added.set(template.id, { body: body.body, weight: weight * body.weight });
    template.variants.forEach(({ id }, index) => {
      const variant = variants[index];
      if (variant) added.set(id, { body: variant.body, weight: weight * variant.weight });
    });
  }
  return { templates, added };
}

/** Three numbers of the same pace. */
async function addNumbers(office: Campaigning): Promise<{ id: string; number: string }[]> {
  return await withDatabase(async (sql) => {
    const more = [1, 2].map((one) =>
      `${office.number.slice(0, -1)}${(Number(office.number.slice(-1)) + one) % 10}`
    );
    for (const number of more) {
      await sql`insert into public.sms_accounts (organization_id, provider, sender_id) values (${office.id}, 'twilio', ${number})`;
    }
    return await sql<{ id: string; number: string }[]>`
      update public.sms_accounts set per_second = ${RATES.number}, cooldown_until = now() + interval '1 hour'
      where organization_id = ${office.id} and provider = 'twilio' returning id, sender_id as number`;
  });
}

/** Handsets say stop while the campaign is at it; when each was answered. */
async function optOut(leads: Lead[], numbers: { number: string }[]): Promise<Map<string, number>> {
  const known = new Map<string, number>();
  const waiting = leads.filter(({ situation }) => situation === "stops");
  const next = async () => {
    for (let lead = waiting.pop(); lead; lead = waiting.pop()) {
      const words = OPT_OUTS[waiting.length % OPT_OUTS.length] ?? "STOP";
      await handsetSays(
        lead.frozen.phone ?? "",
        numbers[waiting.length % numbers.length]?.number ?? "",
        words,
      );
      known.set(lead.frozen.phone ?? "", Date.now());
    }
  };
  await Promise.all(Array.from({ length: 8 }, next));
  return known;
}

Deno.test("What changes after the freeze counts when each one's turn comes, and the carrier's log breaks no rule", async () => {
  const now = Date.now();
  const quiet = quietInDenver(now);
  const office = await newCampaigning({
    time_zone: "Africa/Accra",
    quiet_hours_start: quiet[0],
    quiet_hours_end: quiet[1],
    messages_per_second: RATES.organization,
    // A text lost on a loaded machine goes out again, instead of waiting for a person.
    unknown_outcome_marketing: "resend",
    marketing_gap_messages: CAP,
    marketing_gap_hours: 24,
  });
  const numbers = await addNumbers(office);
  const rules: Rules = {
    consentRequired: true,
    cap: CAP,
    quiet,
    home: "Africa/Accra",
    rows: await withDatabase(rowsOf),
  };
  const places = steadyPlaces(rules, now);
  const zones = new Set([...places.open, ...places.closed].map(({ zone }) => zone));
  assert.ok(
    zones.size >= 6 && places.open.length > 0 && places.closed.length > 0,
    [...zones].join(),
  );
  const leads = crowdOf(SIZE, places, CAP);
  const { templates, added } = await addWordings(office);
  const kept = await withDatabase(async (sql) => {
    await writeLeads(sql, office.id, leads);
    await writeFacts(sql, office.id, leads, "frozen");
    const second = numbers[1];
    assert.ok(second);
    return await writeHistory(sql, office.id, leads, second);
  });
  const campaign = await addCampaign(office, {
    templates,
    numbers: numbers.map(({ id }) => id),
    messages_per_minute: RATES.campaign * 60,
    pause_error_rate: 1,
    pause_filtered_rate: 1,
  });
  await move(office.admin, campaign.id, "start");
  await campaignUntil(
    office.admin,
    campaign.id,
    "the freeze",
    ({ status }) => status === "running",
    300_000,
  );
  // Its numbers are cooling down, so nothing has gone out; what changes now counts when each target is claimed.
  assert.deepEqual(
    await carriedFrom(stackUnderTest().carrier_url, numbers.map(({ number }) => number)),
    [],
  );
  await withDatabase(async (sql) => {
    await changeAfterFreeze(sql, office.id, leads);
    await sql`update public.sms_accounts set cooldown_until = null where organization_id = ${office.id}`;
  });
  await Promise.all([invoke("dispatch-messages"), invoke("dispatch-messages")]);
  await campaignUntil(
    office.admin,
    campaign.id,
    "the first texts",
    ({ targets }) => targets.sent >= 200,
    300_000,
  );
  const known = await optOut(leads, numbers);
  const stopped = [...known.keys()];
  const [targets, ours, claims] = await withDatabase(async (sql) => {
    await settled(sql, campaign.id);
    await confirmed(sql, office.id, stopped.length);
    return await Promise.all([
      targetsOf(sql, campaign.id),
      ourTexts(sql, office.id),
      claimsOf(sql, campaign.id),
    ]);
  });
  const senders = numbers.map(({ number }) => number);
  const carried = await carriedFrom(stackUnderTest().carrier_url, senders);
  const firsts = firstsOf(leads);
  const strict = [...added].find(([, { body }]) => body === wordings.strict)?.[0];
  const drawn = new Map(targets.map((target) => [target.lead_id, target.variant_id]));
  const allowed = (lead: Lead, target: Outcome | undefined): Fate[] => {
    const fate = outcomeOf(rules, lead, {
      earlier: !firsts.has(lead.id),
      needsLastName: drawn.get(target?.lead_id ?? "") === strict,
      at: now,
    });
    // Who said stop meanwhile may have been served before.
    const stops = lead.situation === "stops" && ["sent", "pending"].includes(fate);
    return stops ? [fate, "suppressed"] : [fate];
  };
  outcomesHold(leads, targets, ours, allowed);
  const texts = ours.filter(({ category }) => category === "marketing");
  const bodies = new Map([...added].map(([id, { body }]) => [id, body]));
  textsHold(leads, texts, { wordings: bodies, organization: "Campaign School" });
  const rates = RATES;
  lawHolds({ rules, leads, carried, ours, claims, known, kept, numbers: senders, rates });
  confirmationsHold(carried, ours, stopped);
  const recipients = targets.filter(({ phone }) => phone !== null);
  const variants = [
    ...new Map(recipients.map((target) => [target.phone, target.variant_id])).values(),
  ];
  weightsHeld(
    [...added.keys()].map((id) => variants.filter((variant) => variant === id).length),
    [...added.values()].map(({ weight }) => weight),
  );
});
