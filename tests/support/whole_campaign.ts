import type postgres from "postgres";
import { crowdOf, type Lead, steadyPlaces } from "./campaign_crowd.ts";
import { writeFacts, writeHistory, writeLeads } from "./campaign_facts.ts";
import type { Rules } from "./campaign_model.ts";
import { addCampaign, type CampaignBody, type Campaigning, newCampaigning } from "./campaigns.ts";
import { withDatabase } from "./db.ts";
import { call, expectStatus } from "./http.ts";
import { rowsOf } from "./slow_contact_window.ts";

/** An organization's audience, its numbers and all that is known of them. */
export interface Arranged {
  leads: Lead[];
  senders: { id: string; number: string }[];
  /** Who was texted from which number before. */
  kept: Map<string, string>;
  rules: Rules;
}

/** An organization with a whole audience and a campaign to it that has not begun. */
export interface WholeCampaign extends Arranged {
  office: Campaigning;
  campaign: CampaignBody;
  /** What each wording says. */
  wordings: Map<string, string>;
}

/** Marketing texts to one number within a day. */
const CAP = 2;
/** What a test that arranges a campaign must set. */
export const CAPPED = { marketing_gap_messages: CAP, marketing_gap_hours: 24 };

/** Numbers of the organization; the third has texted some of the audience before. */
const senderPrefixes = ["+1212555", "+1213555", "+1555"];

/** What POST /templates is given: a body, and a variant of three times its weight. */
export const TWO_WORDINGS = {
  name: "Two wordings",
  category: "marketing",
  body: "Hi {{first_name|there}} ({{last_name}}), come and see us. Reply STOP to opt out.",
  variants: [{
    label: "Formal",
    weight: 3,
    body: "Dear {{last_name}}, we would like to meet you. Reply STOP to opt out.",
  }],
};

/** What each of these wordings says, as POST /templates answered. */
export function wordingsOf(
  { id, variants }: { id: string; variants: { id: string }[] },
): Map<string, string> {
  return new Map([
    [id, TWO_WORDINGS.body],
    [variants[0]?.id ?? "", TWO_WORDINGS.variants[0]?.body ?? ""],
  ]);
}

/**
 * Gives an organization with that cap, and without hours of its own, an audience of so many leads, four in five of them in
 * places where they may be texted now, whatever the hour.
 */
export async function arrange(
  sql: postgres.Sql,
  organization: { id: string },
  count: number,
  perSecond: number,
): Promise<Arranged> {
  const senders = await addSenders(sql, organization, perSecond);
  const rules = {
    consentRequired: true,
    cap: CAP,
    quiet: null,
    home: "America/New_York",
    rows: await rowsOf(sql),
  };
  const leads = crowdOf(count, steadyPlaces(rules, Date.now()), CAP);
  await writeLeads(sql, organization.id, leads);
  await writeFacts(sql, organization.id, leads, "frozen");
  const third = senders[2];
  if (third === undefined) throw new Error("no third number");
  const kept = await writeHistory(sql, organization.id, leads, third);
  return { leads, senders, kept, rules };
}

/** Makes it; `count` leads. */
export async function newWholeCampaign(count: number, perSecond: number): Promise<WholeCampaign> {
  const office = await newCampaigning({
    country: "US",
    time_zone: "America/New_York",
    ...CAPPED,
    // A text that a loaded machine lost on its way goes out, when the carrier says that it has none such.
    unknown_outcome_marketing: "resend",
    messages_per_second: 2.5 * perSecond,
  });
  const made = await withDatabase((sql) => arrange(sql, office, count, perSecond));
  const template = expectStatus<{ id: string; variants: { id: string }[] }>(
    await call(office.admin, "POST", "/templates", TWO_WORDINGS),
    201,
  );
  const campaign = await addCampaign(office, {
    templates: [{ template_id: template.id }],
    numbers: made.senders.map(({ id }) => id),
    pause_error_rate: 0.9,
    pause_filtered_rate: 0.9,
  });
  return { office, ...made, campaign, wordings: wordingsOf(template) };
}

async function addSenders(sql: postgres.Sql, { id }: { id: string }, perSecond: number) {
  const senders: Arranged["senders"] = [];
  for (const prefix of senderPrefixes) {
    const ending = String(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0).padStart(10, "0");
    const number = `${prefix}${ending}`.slice(0, 12);
    const [row] = await sql<{ id: string }[]>`
      insert into public.sms_accounts (organization_id, provider, sender_id, per_second)
      values (${id}, 'twilio', ${number}, ${perSecond}) returning id`;
    senders.push({ id: row?.id ?? "", number });
  }
  return senders;
}
