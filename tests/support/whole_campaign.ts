import type postgres from "postgres";
import { addCampaign, type CampaignBody, type Campaigning, newCampaigning } from "./campaigns.ts";
import { audienceOf, type Somebody } from "./audience.ts";
import { withDatabase } from "./db.ts";
import { call, expectStatus } from "./http.ts";

/** One of the audience, with its lead. */
export interface Member extends Somebody {
  lead: string;
}

/** An organization with a whole audience and a campaign to it that has not begun. */
export interface WholeCampaign {
  office: Campaigning;
  members: Member[];
  senders: { id: string; number: string; perSecond: number }[];
  campaign: CampaignBody;
  variants: { id: string; weight: number }[];
}

/** Numbers of the organization that texted some of the audience before. */
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

/** Gives an organization the audience, its numbers and all that is known of them. */
export async function arrange(
  sql: postgres.Sql,
  organization: { id: string },
  count: number,
  perSecond: number,
): Promise<Pick<WholeCampaign, "members" | "senders">> {
  const senders = await addSenders(sql, organization, perSecond);
  const members = await addMembers(sql, organization, audienceOf(count));
  await addFacts(sql, organization, members, senders);
  return { senders, members };
}

/** Makes it; `count` leads. */
export async function newWholeCampaign(count: number, perSecond: number): Promise<WholeCampaign> {
  const office = await newCampaigning({
    country: "US",
    time_zone: "America/New_York",
    marketing_gap_messages: 2,
    marketing_gap_hours: 24,
    // A text that a loaded machine lost on its way goes out, when the carrier says that it has none such.
    uncertain_marketing: "resend",
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
  const variants = [{ id: template.id, weight: 1 }, {
    id: template.variants[0]?.id ?? "",
    weight: 3,
  }];
  return { office, ...made, campaign, variants };
}

async function addSenders(sql: postgres.Sql, { id }: { id: string }, perSecond: number) {
  const senders: WholeCampaign["senders"] = [];
  for (const prefix of senderPrefixes) {
    const ending = String(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0).padStart(10, "0");
    const number = `${prefix}${ending}`.slice(0, 12);
    const [row] = await sql<{ id: string }[]>`
      insert into public.sms_accounts (organization_id, provider, sender_id, per_second)
      values (${id}, 'twilio', ${number}, ${perSecond}) returning id`;
    senders.push({ id: row?.id ?? "", number, perSecond });
  }
  return senders;
}

async function addMembers(
  sql: postgres.Sql,
  { id }: { id: string },
  people: Somebody[],
): Promise<Member[]> {
  const members: Member[] = [];
  for (let from = 0; from < people.length; from += 1_000) {
    const slice = people.slice(from, from + 1_000);
    const rows = slice.map(({ firstName, lastName, phone, place }) => ({
      organization_id: id,
      first_name: firstName,
      last_name: lastName ?? "",
      phone,
      country: place.country,
      region: place.region,
    }));
    const made = await sql<{ id: string; first_name: string }[]>`
      insert into public.leads ${sql(rows)} returning id, first_name`;
    const byName = new Map(made.map((row) => [row.first_name, row.id]));
    members.push(...slice.map((one) => ({ ...one, lead: byName.get(one.firstName) ?? "" })));
  }
  return members;
}

/** Whether the third number has texted it before, less often than forbids another text. */
export const isKnown = (phone: string | null) => phone?.endsWith("2045") ?? false;

/** What is known of them before the campaign: consents, opt-outs, lists, earlier texts, doubtful replies. */
async function addFacts(
  sql: postgres.Sql,
  { id }: { id: string },
  members: Member[],
  senders: WholeCampaign["senders"],
): Promise<void> {
  const [sender] = senders;
  const phonesOf = (...kinds: string[]) =>
    members.filter(({ kind }) => kinds.includes(kind)).map(({ phone }) => phone ?? "");
  const consenting = [
    ...new Set(
      members.filter(({ kind, phone }) =>
        phone !== null && kind !== "no_consent" && kind !== "dnc_registry"
      ).map(({ phone }) => phone ?? ""),
    ),
  ];
  await sql`insert into public.consents (organization_id, phone, event, source, occurred_at)
    select ${id}, p, 'granted', 'test', now() - interval '1 day' from unnest(${consenting}::text[]) p`;
  await sql`insert into public.consents (organization_id, phone, event, source, occurred_at)
    select ${id}, p, 'revoked', 'test', now() from unnest(${phonesOf("revoked")}::text[]) p`;
  for (
    const [kind, scope, source] of [
      ["suppressed", "all", "manual"],
      ["suppressed_marketing", "marketing", "import"],
      ["litigator", "all", "litigator"],
    ] as const
  ) {
    await sql`insert into public.suppressions (organization_id, phone, scope, source)
      select ${id}, p, ${scope}, ${source} from unnest(${phonesOf(kind)}::text[]) p`;
  }
  for (
    const [list, ...kinds] of [
      ["internal", "dnc_internal"],
      ["registry", "dnc_registry", "dnc_registry_consented"],
      ["litigator", "dnc_litigator"],
    ] as const
  ) {
    await sql`with l as (
        insert into public.dnc_lists (organization_id, name, kind, status)
        values (${id}, ${list}, ${list}, 'active') returning id)
      insert into private.dnc_numbers (organization_id, phone, list_id)
      select ${id}, p, l.id from l, unnest(${phonesOf(...kinds)}::text[]) p`;
  }
  await sql`insert into public.messages (organization_id, category, account_id, to_number, from_number, body, encoding,
      segments, status, provider)
    select ${id}, 'marketing', ${sender?.id ?? ""}, p, ${
    sender?.number ?? ""
  }, 'Before', 'GSM-7', 1, 'delivered', 'twilio'
    from unnest(${phonesOf("texted_enough")}::text[]) p, generate_series(1, 2)`;
  const known = members.filter(({ kind, phone }) => kind === "ordinary" && isKnown(phone));
  await sql`insert into public.messages (organization_id, category, account_id, to_number, from_number, body, encoding,
      segments, status, provider)
    select ${id}, 'marketing', ${senders[2]?.id ?? ""}, p, ${
    senders[2]?.number ?? ""
  }, 'Before', 'GSM-7', 1, 'delivered', 'twilio'
    from unnest(${known.map(({ phone }) => phone ?? "")}::text[]) p`;
  await sql`insert into public.reply_reviews (organization_id, phone, message_id)
    select ${id}, p, gen_random_uuid() from unnest(${phonesOf("doubtful")}::text[]) p`;
  await sql`update public.leads set deleted_at = now()
    where organization_id = ${id} and id = any (${
    members.filter(({ kind }) => kind === "deleted_before").map(({ lead }) => lead)
  }::uuid[])`;
}
