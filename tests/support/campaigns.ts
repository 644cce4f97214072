import assert from "node:assert/strict";
import { withDatabase } from "./db.ts";
import { call, expectStatus } from "./http.ts";
import { newOrganization, type Organization, type Session } from "./people.ts";
import { carrier, digits, ourNumber } from "./texts.ts";
import { until } from "./wait.ts";

/** A campaign as the API shows it, as far as tests look at it. */
export interface CampaignBody {
  id: string;
  version: number;
  status: string;
  status_reason: string | null;
  audience: Record<string, unknown>;
  targets: { total: number; pending: number; sent: number; excluded: number; canceled: number };
  excluded: Record<string, number>;
  messages: Record<string, number>;
}

/** A target as the API shows it, as far as tests look at it. */
export interface TargetBody {
  position: number;
  lead_id: string;
  phone: string | null;
  status: string;
  reason: string | null;
  send_after: string;
  message_id: string | null;
  message_status: string | null;
}

/** An organization that may run campaigns: a marketing template, a number, and somebody to turn to. */
export interface Campaigning extends Organization {
  template: string;
  number: string;
  account: string;
}

/** Makes an organization that may run campaigns. */
export async function newCampaigning(
  settings: Record<string, unknown> = {},
): Promise<Campaigning> {
  const known = { contact_details: "help@school.example", ...settings };
  const organization = await newOrganization({ name: "Campaign School", settings: known });
  const number = ourNumber();
  return await withDatabase(async (sql) => {
    const [account] = await sql<{ id: string }[]>`
      insert into public.sms_accounts (organization_id, provider, sender_id)
      values (${organization.id}, 'twilio', ${number}) returning id`;
    const [template] = await sql<{ id: string }[]>`
      insert into public.templates (organization_id, name, category, body)
      values (${organization.id}, 'Open day', 'marketing',
        'Hi {{first_name|there}}, come and see us. Reply STOP to opt out.') returning id`;
    return { ...organization, number, account: account?.id ?? "", template: template?.id ?? "" };
  });
}

/** A lead of a campaign's audience. */
export interface Recipient {
  phone: string | null;
  consent?: boolean;
  country?: string | null;
  region?: string | null;
}

/** Writes leads with their consents straight into the database, in this order, and gives their ids. */
export async function addRecipients(
  organization: Organization,
  recipients: Recipient[],
): Promise<string[]> {
  return await withDatabase(async (sql) => {
    const rows = recipients.map(({ phone, country = null, region = null }, index) => ({
      organization_id: organization.id,
      first_name: `Lead ${index}`,
      phone,
      country,
      region,
    }));
    const made = await sql<{ id: string; first_name: string }[]>`
      insert into public.leads ${sql(rows)} returning id, first_name`;
    const consents = recipients.filter(({ phone, consent = true }) => phone !== null && consent)
      .map(({ phone }) => ({
        organization_id: organization.id,
        phone,
        event: "granted",
        source: "test",
        occurred_at: new Date(),
      }));
    if (consents.length > 0) await sql`insert into public.consents ${sql(consents)}`;
    const byName = new Map(made.map(({ id, first_name }) => [first_name, id]));
    return recipients.map((_, index) => byName.get(`Lead ${index}`) ?? "");
  });
}

const prefixes = new Set<string>();

/** Ghanaian numbers, which no law of a place binds, none of which has a special fate; others at each call. */
export function ordinaryNumbers(count: number): string[] {
  let prefix: string;
  do prefix = `+2332${digits(4)}`; while (prefixes.has(prefix));
  prefixes.add(prefix);
  return Array.from({ length: count }, (_, index) => `${prefix}${String(1_000 + index)}`);
}

/** Adds a campaign over HTTP. */
export async function addCampaign(
  organization: Campaigning,
  fields: Record<string, unknown> = {},
): Promise<CampaignBody> {
  const answer = await call(organization.admin, "POST", "/campaigns", {
    name: "Open day",
    audience: { filter: {} },
    templates: [{ template_id: organization.template }],
    numbers: [organization.account],
    ...fields,
  });
  return expectStatus(answer, 201);
}

/** Starts, pauses, resumes or cancels a campaign. */
export async function move(session: Session, id: string, to: string): Promise<CampaignBody> {
  return expectStatus(await call(session, "POST", `/campaigns/${id}/${to}`), 200);
}

/** A campaign as it is now. */
export async function readCampaign(session: Session, id: string): Promise<CampaignBody> {
  return expectStatus(await call(session, "GET", `/campaigns/${id}`), 200);
}

/** Waits until a condition holds for a campaign. */
export async function campaignUntil(
  session: Session,
  id: string,
  what: string,
  holds: (campaign: CampaignBody) => boolean,
  timeoutMs = 180_000,
): Promise<CampaignBody> {
  let last: CampaignBody | undefined;
  return await until(async () => {
    last = await readCampaign(session, id);
    return holds(last) ? last : null;
  }, { timeoutMs, what }).catch((error) => {
    throw new Error(`${error.message} It is ${JSON.stringify(last)}.`);
  });
}

/** All targets of a campaign, in the order of their positions. */
export async function allTargets(session: Session, id: string): Promise<TargetBody[]> {
  const targets: TargetBody[] = [];
  for (;;) {
    const after = targets.at(-1)?.position ?? 0;
    const answer = await call(session, "GET", `/campaigns/${id}/targets?limit=200&after=${after}`);
    const page = expectStatus<{ data: TargetBody[]; total: number }>(answer, 200);
    targets.push(...page.data);
    if (page.data.length < 200) {
      assert.equal(targets.length, page.total, "the total counts every target once");
      return targets;
    }
  }
}

/** Runs the minute's look at the campaigns now. It passes over a campaign that somebody else looks at or changes. */
export async function tend(): Promise<void> {
  await withDatabase((sql) => sql`select private.run_campaign_scheduler()`);
}

/** Looks at the campaigns until this one has the status. */
export async function tendedUntil(
  session: Session,
  id: string,
  wanted: string,
): Promise<CampaignBody> {
  return await until(async () => {
    await tend();
    const campaign = await readCampaign(session, id);
    return campaign.status === wanted ? campaign : null;
  }, { what: `the campaign to be ${wanted}` });
}

/** The carrier answers so late while `work` goes on. */
export async function withLatency<T>(ms: number, work: () => Promise<T>): Promise<T> {
  await carrier("/latency", { ms });
  try {
    return await work();
  } finally {
    await carrier("/latency", { ms: 0 });
  }
}
