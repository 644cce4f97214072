import type postgres from "postgres";
import type { Facts, Person, Rules } from "./campaign_model.ts";
import { openingAt } from "./campaign_model.ts";
import { wall } from "./slow_contact_window.ts";

/** Where recipients may be: a number's beginning, and the address if it is known. */
export interface Place {
  zone: string;
  prefix: string;
  country: string | null;
  region: string | null;
}

const at = (zone: string, prefix: string, country?: string, region?: string): Place => ({
  zone,
  prefix,
  country: country ?? null,
  region: region ?? null,
});

const PLACES: Place[] = [
  at("Africa/Accra", "+23324"),
  at("Africa/Accra", "+4477"),
  at("America/New_York", "+1212"),
  at("America/Chicago", "+1312"),
  at("America/Denver", "+1303"),
  // The address outweighs the area code.
  at("America/Los_Angeles", "+1212", "US", "CA"),
  at("Pacific/Honolulu", "+1808"),
  at("Pacific/Guam", "+1671", "GU"),
  at("America/Puerto_Rico", "+1787"),
  at("America/Anchorage", "+1907", "US", "AK"),
];

/** Endings of the carrier's special numbers. */
const SPECIAL = "0001 0003 0004 0005 0007 0029 0050 0051 0060 0061".split(" ");

/** Every situation of a lead but the ordinary one, and what it changes before the freeze and after it. */
const SITUATIONS: Record<string, [Partial<Facts>, Partial<Facts>?]> = {
  suppressed: [{ suppressed: true }],
  "no consent": [{ consent: null }],
  revoked: [{ consent: "revoked" }],
  "registry with consent": [{ lists: ["registry"] }],
  "registry without": [{ lists: ["registry"], consent: null }],
  internal: [{ lists: ["internal"] }],
  litigator: [{ lists: ["litigator", "registry"] }],
  duplicate: [{}],
  "no phone": [{ phone: null, consent: null }],
  "deleted before": [{ deleted: true }],
  "deleted after": [{}, { deleted: true }],
  "number changed": [{}, { phone: "changed" }],
  "revoked after": [{}, { consent: "revoked" }],
  "suppressed after": [{}, { suppressed: true }],
  "listed after": [{}, { lists: ["internal"] }],
  doubtful: [{ doubtful: true }],
  capped: [{ recent: 1 }],
  "known to a number": [{}],
  "no last name": [{ lastName: null }],
  stops: [{}],
};

/** A lead of the crowd. */
export interface Lead extends Person {
  id: string;
  situation: string;
  place: Place;
}

/** A pause of an hour that is now in Denver and nowhere else: someone always sleeps. */
export function quietInDenver(now: number): [string, string] {
  const shown = (minutes: number) => wall("America/Denver", now + minutes * 60_000).time;
  return [shown(-20), shown(40)];
}

/** The places whose hours neither begin nor end while the test runs, and which of them are awake. */
export function steadyPlaces(rules: Rules, now: number): { awake: Place[]; asleep: Place[] } {
  const isOpen = ({ prefix, country, region }: Place, later: number) =>
    openingAt(rules, { phone: `${prefix}5551234`, country, region } as Facts, now + later * 60_000)
      .open;
  const steady = PLACES.filter((place) =>
    [4, 8, 12, 16, 20].every((later) => isOpen(place, later) === isOpen(place, 0))
  );
  return {
    awake: steady.filter((place) => isOpen(place, 0)),
    asleep: steady.filter((place) => !isOpen(place, 0)),
  };
}

/** So many leads at a place: the special numbers, and each situation once in fifty. */
function leadsOf(place: Place, count: number, tag: string): Lead[] {
  const kinds = Object.keys(SITUATIONS);
  // Ghanaian and British numbers have two digits more than an American exchange leaves.
  const number = (ending: string) => `${place.prefix}${tag}${ending}`;
  return Array.from({ length: count }, (_, index) => {
    const special = SPECIAL[index];
    const situation = special ? "ordinary" : kinds[(index - SPECIAL.length) % 50] ?? "ordinary";
    const [before, after] = SITUATIONS[situation] ?? [{}];
    const own = special ?? String(1_000 + index - (situation === "duplicate" ? 1 : 0));
    const plain: Facts = {
      phone: number(own),
      country: place.country,
      region: place.region,
      lastName: "Mensah",
      suppressed: false,
      lists: [],
      consent: "granted",
      doubtful: false,
      recent: 0,
      deleted: false,
    };
    const frozen = { ...plain, ...before };
    const claimed = { ...frozen, ...after };
    if (claimed.phone === "changed") claimed.phone = number(String(9_999 - (index % 1_000)));
    return { id: "", situation, place, frozen, claimed };
  });
}

/** A crowd of leads, four in five of them where it is day. */
export function crowdOf(
  size: number,
  { awake, asleep }: { awake: Place[]; asleep: Place[] },
  tag: string,
): Lead[] {
  const share = (places: Place[], whole: number) =>
    places.flatMap((place, index) => {
      const count = Math.floor(whole / places.length);
      // Two places may share an area code: their numbers differ in the first digit after it.
      const own = `${2 + (PLACES.indexOf(place) % 8)}${tag}`;
      return leadsOf(place, index === 0 ? whole - count * (places.length - 1) : count, own);
    });
  const day = asleep.length === 0 ? size : Math.floor(size * 0.8);
  return [...share(awake, day), ...share(asleep, size - day)];
}

/** Facts of numbers, of those for which they are true, each number once. */
const phones = (
  leads: Lead[],
  when: "frozen" | "claimed",
  holds: (facts: Facts) => boolean,
) => [
  ...new Set(leads.filter((lead) => holds(lead[when])).flatMap((lead) => lead[when].phone ?? [])),
];

/** Writes the leads, and gives them their ids. */
export async function writeLeads(sql: postgres.Sql, organization: string, leads: Lead[]) {
  const rows = leads.map(({ frozen }, index) => ({
    organization_id: organization,
    first_name: `Lead ${index}`,
    last_name: frozen.lastName ?? "",
    phone: frozen.phone,
    country: frozen.country,
    region: frozen.region,
  }));
  const made = await sql<{ id: string; first_name: string }[]>`
    insert into public.leads ${sql(rows)} returning id, first_name`;
  for (const { id, first_name } of made) {
    const lead = leads[Number(first_name.slice(5))];
    if (lead) lead.id = id;
  }
  const gone = leads.filter(({ frozen }) => frozen.deleted).map(({ id }) => id);
  await sql`update public.leads set deleted_at = now() where id = any (${gone})`;
}

/** Writes what is known of the numbers: ledger, suppressions, lists, doubtful replies. */
export async function writeFacts(
  sql: postgres.Sql,
  organization: string,
  leads: Lead[],
  when: "frozen" | "claimed",
) {
  const granted = when === "frozen" ? phones(leads, when, (f) => f.consent !== null) : [];
  const revoked = phones(leads, when, (f) => f.consent === "revoked");
  for (const [event, list] of [["granted", granted], ["revoked", revoked]] as const) {
    await sql`insert into public.consents (organization_id, phone, event, source, occurred_at)
      select ${organization}, p, ${event}, 'test', now() from unnest(${list}::text[]) p`;
  }
  await sql`insert into public.suppressions (organization_id, phone, source)
    select ${organization}, p, 'manual' from unnest(${
    phones(leads, when, (f) => f.suppressed)
  }::text[]) p
    on conflict do nothing`;
  await sql`insert into public.reply_reviews (organization_id, phone, message_id)
    select ${organization}, p, gen_random_uuid() from unnest(${
    phones(leads, when, (f) => f.doubtful)
  }::text[]) p
    on conflict do nothing`;
  for (const kind of ["registry", "internal", "litigator"] as const) {
    await sql`with l as (
        insert into public.dnc_lists (organization_id, name, kind, status)
        values (${organization}, ${`${kind} ${when}`}, ${kind}, 'active') returning id)
      insert into private.dnc_numbers (organization_id, phone, list_id)
      select ${organization}, p, l.id from l, unnest(${
      phones(leads, when, (f) => f.lists.includes(kind))
    }::text[]) p`;
  }
}

/** What happens to leads between the freeze and the first text. */
export async function changeAfterFreeze(sql: postgres.Sql, organization: string, leads: Lead[]) {
  await writeFacts(sql, organization, leads, "claimed");
  const gone = leads.filter(({ frozen, claimed }) => claimed.deleted && !frozen.deleted);
  await sql`update public.leads set deleted_at = now() where id = any (${
    gone.map(({ id }) => id)
  })`;
  const moved = leads.filter(({ frozen, claimed }) => frozen.phone !== claimed.phone);
  await sql`update public.leads l set phone = m.phone
    from unnest(${moved.map(({ id }) => id)}::uuid[], ${
    moved.map(({ claimed }) => claimed.phone ?? "")
  }::text[]) m (id, phone)
    where l.id = m.id`;
}
