/*
 * An audience of every kind of lead that the rules tell apart, and, plainly, what the rules give each of them. Nothing
 * here asks the database: what happened is compared with it.
 */

/** Where leads live: an area code, and the address that a lead may have. */
export interface Place {
  prefix: string;
  country: string | null;
  region: string | null;
}

/** Six time zones of the law, and one that no law of a place binds. */
export const PLACES: readonly Place[] = [
  { prefix: "+1212", country: "US", region: "NY" },
  { prefix: "+1312", country: null, region: null },
  { prefix: "+1602", country: "US", region: "AZ" },
  { prefix: "+1213", country: null, region: null },
  { prefix: "+1808", country: "US", region: "HI" },
  { prefix: "+1671", country: null, region: null },
  { prefix: "+23324", country: "GH", region: null },
];

/** What is special about a lead. */
export const KINDS = [
  "no_phone",
  "duplicate",
  "suppressed",
  "suppressed_marketing",
  "litigator",
  "dnc_internal",
  "dnc_registry",
  "dnc_registry_consented",
  "dnc_litigator",
  "no_consent",
  "revoked",
  "texted_enough",
  "nameless",
  "doubtful",
  "deleted_before",
  "deleted_later",
  "moved_later",
  "stops_later",
] as const;
export type Kind = typeof KINDS[number] | "ordinary" | "special";

/** Last four digits that mean something to the simulated carrier, and the status that a text to them ends with. */
export const SPECIAL: Readonly<Record<string, string>> = {
  "0001": "failed",
  "0003": "undelivered",
  "0004": "failed",
  "0005": "undelivered",
  "0007": "undelivered",
  "0029": "delivered",
  "0050": "delivered",
  "0051": "delivered",
  "0060": "delivered",
  "0061": "sent",
};

export interface Somebody {
  kind: Kind;
  place: Place;
  phone: string | null;
  firstName: string;
  lastName: string | null;
}

const padded = (value: number, length: number) => String(value).padStart(length, "0");

/** `count` leads: in every fifty, one of each kind, one of each special number, the others ordinary. */
export function audienceOf(count: number): Somebody[] {
  const specials = Object.keys(SPECIAL);
  return Array.from({ length: count }, (_, i) => {
    const slot = i % 50;
    const special = specials[slot - KINDS.length];
    const kind: Kind = KINDS[slot] ?? (special === undefined ? "ordinary" : "special");
    // A duplicate is another lead of whoever stands at place 40 of the same fifty.
    const index = kind === "duplicate" ? i - slot + 40 : i;
    const place = placeOf(index);
    const ending = special ?? padded(2_000 + index % 50, 4);
    return {
      kind,
      place,
      phone: kind === "no_phone"
        ? null
        : `${place.prefix}${padded(300 + Math.floor(i / 50), 3)}${ending}`,
      firstName: `Lead${i}`,
      lastName: kind === "nameless" ? null : `No. ${i}`,
    };
  });
}

function placeOf(index: number): Place {
  const place = PLACES[index % PLACES.length];
  if (!place) throw new Error("no place");
  return place;
}

/** The status of a text as the rules see it: of who reports nothing, more is known only if the carrier was asked. */
export const reportedStatus = (phone: string | null, status: string | null): string | null =>
  phone?.endsWith("0061") && status === "delivered" ? "sent" : status;

/** What a lead's target must come to. */
export interface Outcome {
  /** null: no target at all. */
  target: "sent" | "excluded" | "pending" | null;
  reason: string | null;
  message: string | null;
}

const excluded = (reason: string): Outcome => ({ target: "excluded", reason, message: null });

/** The rules, one after the other. What came first holds. */
export function outcomeOf(
  somebody: Somebody,
  { open, firstOfNumber, reached }: {
    /** Whether a text may arrive at its place. */
    open: boolean;
    /** Whether it is the first lead of the audience with its number. */
    firstOfNumber: boolean;
    /** Whether it was texted before what comes `later` happened. */
    reached: boolean;
  },
): Outcome {
  const { kind, phone } = somebody;
  if (kind === "deleted_before") return { target: null, reason: null, message: null };
  if (phone === null) return excluded("no_phone");
  if (!firstOfNumber) return excluded("duplicate_number");
  switch (kind) {
    case "suppressed":
    case "suppressed_marketing":
      return excluded("suppressed");
    case "litigator":
    case "dnc_litigator":
      return excluded("litigator");
    case "dnc_internal":
    case "dnc_registry":
      return excluded("dnc");
    case "no_consent":
      return excluded("no_consent");
    case "revoked":
      return excluded("consent_revoked");
    case "texted_enough":
      return excluded("frequency_cap");
    case "nameless":
      return excluded("missing_variable");
    case "deleted_later":
      if (!reached) return excluded("lead_deleted");
      break;
    case "moved_later":
      if (!reached) return excluded("number_changed");
      break;
    case "stops_later":
      if (!reached) return excluded("suppressed");
      break;
  }
  if (!open) return { target: "pending", reason: null, message: null };
  return { target: "sent", reason: null, message: SPECIAL[phone.slice(-4)] ?? "delivered" };
}
