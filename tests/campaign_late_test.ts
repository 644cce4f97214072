import assert from "node:assert/strict";
import {
  changeAfterFreeze,
  crowdOf,
  type Lead,
  quietInDenver,
  steadyPlaces,
  writeFacts,
  writeLeads,
} from "./support/campaign_crowd.ts";
import { openingAt, outcomeOf, type Rules, statusOf } from "./support/campaign_model.ts";
import {
  carriedFrom,
  isQuiet,
  ourTexts,
  type Target,
  targetsOf,
  writeHistory,
} from "./support/campaign_record.ts";
import {
  addCampaign,
  type Campaigning,
  campaignUntil,
  invoke,
  move,
  newCampaigning,
} from "./support/campaigns.ts";
import {
  type Carried,
  listsAgree,
  longestWay,
  nonePastOptOut,
  noneTwice,
  type Ours,
  rateHeld,
  senderKept,
  weightsHeld,
  withinHours,
} from "./support/carrier_log.ts";
import { withDatabase } from "./support/db.ts";
import { call, expectStatus } from "./support/http.ts";
import { rowsOf } from "./support/slow_contact_window.ts";
import { stackUnderTest } from "./support/stack.ts";
import { handsetSays } from "./support/twilio.ts";
import { until } from "./support/wait.ts";

const SIZE = 2_500;
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
      update public.sms_accounts set per_second = ${RATES.number}, resting_until = now() + interval '1 hour'
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

/** Each lead has the outcome of the rules; who said stop meanwhile may have been served before. */
function outcomesHold(
  rules: Rules,
  leads: Lead[],
  targets: Target[],
  added: Map<string, Wording>,
  at: number,
) {
  const byLead = new Map(targets.map((target) => [target.lead_id, target]));
  const first = new Map<string, string>();
  for (const { id, frozen } of leads) {
    if (frozen.deleted || frozen.phone === null) continue;
    const found = first.get(frozen.phone);
    if (found === undefined || id < found) first.set(frozen.phone, id);
  }
  const faults: string[] = [];
  const seen = new Map<string, number>();
  for (const lead of leads) {
    const target = byLead.get(lead.id);
    const earlier = lead.frozen.phone !== null && first.get(lead.frozen.phone) !== lead.id;
    const strict = added.get(target?.variant_id ?? "")?.body === wordings.strict;
    const wanted = outcomeOf(rules, lead, earlier, strict, at);
    const got = target ? target.reason ?? target.status : "absent";
    seen.set(got, (seen.get(got) ?? 0) + 1);
    const stopped = lead.situation === "stops" && got === "suppressed" &&
      ["sent", "pending"].includes(wanted);
    if (got !== wanted && !stopped) {
      faults.push(`${lead.situation} ${lead.frozen.phone}: ${got}, not ${wanted}`);
    }
  }
  assert.deepEqual(faults.slice(0, 10), [], `${faults.length} wrong outcomes`);
  for (
    const outcome of [
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
    ]
  ) {
    assert.ok((seen.get(outcome) ?? 0) > 0, `nobody is ${outcome}`);
  }
}

/** Each text says what its wording makes of its lead, and ended as the carrier's special numbers do. */
function textsHold(leads: Lead[], targets: Target[], ours: Ours[], added: Map<string, Wording>) {
  const byId = new Map(ours.map((message) => [message.id, message]));
  const byLead = new Map(leads.map((lead, index) => [lead.id, index]));
  for (const target of targets.filter(({ status }) => status === "sent")) {
    const message = byId.get(target.message_id ?? "");
    assert.ok(message, `${target.phone} has no text`);
    const body = added.get(target.variant_id ?? "")?.body ?? "";
    assert.equal(
      message.body,
      body.replace(/\{\{first_name(\|there)?\}\}/, `Lead ${byLead.get(target.lead_id)}`)
        .replace("{{last_name}}", "Mensah").replace("{{organization}}", "Campaign School"),
    );
    const { status, code } = statusOf(message.to_number);
    const suppressed = message.status === "suppressed" && message.attempts > 1;
    assert.ok(
      status.includes(message.status) || suppressed,
      `${message.to_number} is ${message.status}`,
    );
    if (code !== null) assert.equal(message.error_code, code);
  }
}

/** Goes through the carrier's log. */
function lawHolds(
  { rules, leads, carried, ours, known, kept }: {
    rules: Rules;
    leads: Lead[];
    carried: Carried[];
    ours: Ours[];
    known: Map<string, number>;
    kept: Map<string, string>;
  },
) {
  const marketing = new Set(
    ours.flatMap((m) => m.category === "marketing" ? m.provider_message_id ?? [] : []),
  );
  const texts = carried.filter(({ id }) => marketing.has(id));
  noneTwice(texts);
  nonePastOptOut(texts, ours, known);
  senderKept(texts, kept);
  const byPhone = new Map(leads.map((lead) => [lead.frozen.phone, lead]));
  withinHours(texts, (to, at) => {
    const lead = byPhone.get(to);
    assert.ok(lead, `${to} is nobody's number`);
    return openingAt(rules, lead.frozen, at);
  });
  for (const { body, to } of texts) assert.match(body, /STOP/, `${to} is not told how to opt out`);
  // Refused and doubtful texts have no line of their own, and a second attempt is granted anew.
  const delay = longestWay(texts, ours);
  rateHeld("the campaign", texts, RATES.campaign, delay);
  rateHeld("the organization", carried, RATES.organization, delay);
  for (const number of new Set(carried.map(({ from }) => from))) {
    rateHeld(number, carried.filter(({ from }) => from === number), RATES.number, delay);
  }
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
    uncertain_marketing: "resend",
    marketing_gap_messages: 1,
    marketing_gap_hours: 24,
  });
  const numbers = await addNumbers(office);
  const rules: Rules = {
    consentRequired: true,
    cap: 1,
    quiet,
    home: "Africa/Accra",
    rows: await withDatabase(rowsOf),
  };
  const places = steadyPlaces(rules, now);
  const zones = new Set([...places.awake, ...places.asleep].map(({ zone }) => zone));
  assert.ok(
    zones.size >= 6 && places.awake.length > 0 && places.asleep.length > 0,
    [...zones].join(),
  );
  const leads = crowdOf(SIZE, places, office.number.slice(-2));
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
  // Its numbers rest, so nothing has gone out; what changes now is judged when each one's turn comes.
  assert.deepEqual(
    await carriedFrom(stackUnderTest().carrier_url, numbers.map(({ number }) => number)),
    [],
  );
  await withDatabase(async (sql) => {
    await changeAfterFreeze(sql, office.id, leads);
    await sql`update public.sms_accounts set resting_until = null where organization_id = ${office.id}`;
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
  await withDatabase((sql) =>
    until(() => isQuiet(sql, campaign.id), { timeoutMs: 420_000, what: "an outcome for all" })
  );
  const stopped = [...known.keys()];
  await until(async () => {
    const told = await withDatabase((sql) =>
      sql`select to_number from public.messages where organization_id = ${office.id}
        and purpose = 'opt_out_confirmation' and status = 'delivered'`
    );
    return told.length >= stopped.length;
  }, { timeoutMs: 300_000, what: "a confirmation of each opt-out" });

  const [targets, ours] = await withDatabase((sql) =>
    Promise.all([targetsOf(sql, campaign.id), ourTexts(sql, office.id)])
  );
  const carried = await carriedFrom(
    stackUnderTest().carrier_url,
    numbers.map(({ number }) => number),
  );
  listsAgree(carried, ours);
  outcomesHold(rules, leads, targets, added, now);
  textsHold(leads, targets, ours, added);
  lawHolds({ rules, leads, carried, ours, known, kept });
  const drawn = new Map(
    targets.filter(({ phone }) => phone !== null).map((
      { phone, variant_id },
    ) => [phone, variant_id]),
  );
  weightsHeld(
    [...added.keys()].map((id) => [...drawn.values()].filter((variant) => variant === id).length),
    [...added.values()].map(({ weight }) => weight),
  );
  const service = ours.filter(({ category }) => category === "service").map(({ to_number }) =>
    to_number
  );
  assert.deepEqual(
    service.sort(),
    stopped.sort(),
    "one confirmation each, none to whom the provider opted out",
  );
});
