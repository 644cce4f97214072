import { type Facts, openingAt, type Person, type Rules, SPECIAL } from "./campaign_model.ts";
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

/** Zones of the law with and without an address, and two places that no law binds: there the office's hours hold. */
const PLACES: Place[] = [
  at("the office's", "+23324", "GH"),
  at("the office's", "+4477"),
  at("America/New_York", "+1212", "US", "NY"),
  at("America/Chicago", "+1312"),
  at("America/Denver", "+1303"),
  at("America/Phoenix", "+1602", "US", "AZ"),
  // The address outweighs the area code.
  at("America/Los_Angeles", "+1212", "US", "CA"),
  at("Pacific/Honolulu", "+1808"),
  at("Pacific/Guam", "+1671", "GU"),
  at("America/Puerto_Rico", "+1787"),
  at("America/Anchorage", "+1907", "US", "AK"),
];

/** What is special about a lead when the audience is frozen, and what changes before its turn. */
type Situation = [Partial<Facts>, Partial<Facts>?];

/** Every situation of a lead but the ordinary one, where so many texts fill the cap. */
function situationsOf(cap: number): [string, Situation][] {
  return Object.entries<Situation>({
    suppressed: [{ suppressed: "all" }],
    "suppressed for marketing": [{ suppressed: "marketing" }],
    "suppressed as a litigator": [{ suppressed: "litigator" }],
    "no consent": [{ consent: null }],
    revoked: [{ consent: "revoked" }],
    "registry with consent": [{ lists: ["registry"] }],
    "registry without": [{ lists: ["registry"], consent: null }],
    internal: [{ lists: ["internal"] }],
    litigator: [{ lists: ["litigator"] }],
    "litigator and registry": [{ lists: ["litigator", "registry"] }],
    duplicate: [{}],
    "no phone": [{ phone: null, consent: null }],
    "deleted before": [{ deleted: true }],
    "deleted after": [{}, { deleted: true }],
    "number changed": [{}, { phone: "changed" }],
    "revoked after": [{}, { consent: "revoked" }],
    "suppressed after": [{}, { suppressed: "all" }],
    "listed after": [{}, { lists: ["internal"] }],
    doubtful: [{ doubtful: true }],
    capped: [{ recent: cap }],
    "below the cap": [{ recent: cap - 1 }],
    "known to a number": [{}],
    "no last name": [{ lastName: null }],
    stops: [{}],
  });
}

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

/** The places whose hours neither begin nor end while the test runs, and in which of them they are open. */
export function steadyPlaces(rules: Rules, now: number): { open: Place[]; closed: Place[] } {
  const isOpen = ({ prefix, country, region }: Place, later: number) =>
    openingAt(rules, { phone: `${prefix}5551234`, country, region } as Facts, now + later * 60_000)
      .open;
  const steady = PLACES.filter((place) =>
    [4, 8, 12, 16, 20].every((later) => isOpen(place, later) === isOpen(place, 0))
  );
  return {
    open: steady.filter((place) => isOpen(place, 0)),
    closed: steady.filter((place) => !isOpen(place, 0)),
  };
}

/** So many leads at a place: of every fifty, one in each situation, one with each special number, the others ordinary. */
function leadsOf(place: Place, count: number, cap: number): Lead[] {
  const situations = situationsOf(cap);
  // Two places may share an area code: their numbers differ in the first digit after it.
  const digit = 2 + PLACES.indexOf(place) % 8;
  return Array.from({ length: count }, (_, index) => {
    const slot = index % 50;
    const [situation, [before, after]] = situations[slot] ?? ["ordinary", [{}] as Situation];
    const special = SPECIAL[slot - situations.length];
    const number = (ending: string) =>
      `${place.prefix}${digit}${String(Math.floor(index / 50)).padStart(2, "0")}${ending}`;
    const plain: Facts = {
      // A duplicate is another lead with the number of the last of the fifty.
      phone: number(special ?? String(2_000 + (situation === "duplicate" ? 49 : slot))),
      country: place.country,
      region: place.region,
      lastName: "Mensah",
      suppressed: null,
      lists: [],
      consent: "granted",
      doubtful: false,
      recent: 0,
      deleted: false,
    };
    const frozen = { ...plain, ...before };
    const claimed = { ...frozen, ...after };
    if (claimed.phone === "changed") claimed.phone = number(String(9_000 + slot));
    return { id: "", situation: special ? "special" : situation, place, frozen, claimed };
  });
}

/** A crowd of leads, four in five of them where it is day. */
export function crowdOf(
  size: number,
  { open, closed }: { open: Place[]; closed: Place[] },
  cap: number,
): Lead[] {
  const share = (places: Place[], whole: number) =>
    places.flatMap((place, index) => {
      const count = Math.floor(whole / places.length);
      return leadsOf(place, index === 0 ? whole - count * (places.length - 1) : count, cap);
    });
  const day = closed.length === 0 ? size : Math.floor(size * 0.8);
  return [...share(open, day), ...share(closed, size - day)];
}

/** The leads that come first with their number: among those that live, in the order of their ids. */
export function firstsOf(leads: Lead[]): Set<string> {
  const firsts = new Map<string, string>();
  for (const { id, frozen: { phone, deleted } } of leads) {
    if (phone === null || deleted) continue;
    const found = firsts.get(phone);
    if (found === undefined || id < found) firsts.set(phone, id);
  }
  return new Set(firsts.values());
}
