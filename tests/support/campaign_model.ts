/*
 * What a campaign must do with each of its leads, plainly: the rules read one by one, lead after lead, from what a test
 * wrote down about each of them. It shares nothing with the database but the rows of the law.
 */
import { type Rows, slowWindow } from "./slow_contact_window.ts";

/** All that the rules look at, as it was when the audience was frozen and, if different, when its turn came. */
export interface Facts {
  phone: string | null;
  country: string | null;
  region: string | null;
  lastName: string | null;
  /** By scope, or because a litigator's number is not to be texted at all. */
  suppressed: "all" | "marketing" | "litigator" | null;
  /** Kinds of the lists that name the number. */
  lists: ("registry" | "internal" | "litigator")[];
  /** The newest entry of the ledger. */
  consent: "granted" | "revoked" | null;
  doubtful: boolean;
  /** Marketing texts to the number within the hours of the cap. */
  recent: number;
  deleted: boolean;
}

export interface Person {
  frozen: Facts;
  claimed: Facts;
}

export interface Rules {
  consentRequired: boolean;
  cap: number | null;
  quiet: [string, string] | null;
  home: string;
  rows: Rows;
}

/** What becomes of somebody: no target at all, the reason of an exclusion, to wait, or to be texted. */
export type Fate = "absent" | "pending" | "sent" | string;

/** Endings of the carrier's special numbers. */
export const SPECIAL = "0001 0003 0004 0005 0007 0029 0050 0051 0060 0061".split(" ");

function blockedReason(rules: Rules, facts: Facts): string | null {
  if (facts.lists.includes("litigator") || facts.suppressed === "litigator") return "litigator";
  if (facts.suppressed !== null) return "suppressed";
  if (facts.lists.includes("internal")) return "dnc";
  if (facts.lists.includes("registry") && facts.consent !== "granted") return "dnc";
  if (facts.consent === "revoked") return "consent_revoked";
  if (facts.consent === null && rules.consentRequired) return "no_consent";
  return facts.doubtful ? "doubtful" : null;
}

const openings = new Map<string, { open: boolean; closesAt: Date | null }>();

/**
 * Whether a marketing text may arrive at this moment, and the end of that opening. Minutes are looked at one by one, so
 * those who share a place and an area code share the answer.
 */
export function openingAt(rules: Rules, { phone, country, region }: Facts, at: number) {
  const minute = new Date(Math.floor(at / 60_000) * 60_000);
  const key = JSON.stringify([
    phone?.slice(0, 5),
    country,
    region,
    minute,
    rules.quiet,
    rules.home,
  ]);
  const known = openings.get(key);
  if (known !== undefined) return known;
  const { sends_at, closes_at } = slowWindow(rules.rows, {
    category: "marketing",
    phone: phone ?? "",
    country,
    region,
    stated: null,
    quiet: rules.quiet,
    home: rules.home,
    at: minute,
  });
  const answer = { open: sends_at?.getTime() === minute.getTime(), closesAt: closes_at };
  openings.set(key, answer);
  return answer;
}

/** What becomes of a lead whose turn comes at this moment. */
export function outcomeOf(
  rules: Rules,
  { frozen, claimed }: Person,
  { earlier, needsLastName, at }: {
    /** Whether another lead of the audience with its number comes before it. */
    earlier: boolean;
    /** Whether the wording that it drew has {{last_name}} without a fallback. */
    needsLastName: boolean;
    at: number;
  },
): Fate {
  if (frozen.deleted) return "absent";
  if (frozen.phone === null) return "no_phone";
  if (earlier) return "duplicate_number";
  const first = blockedReason(rules, frozen);
  if (first !== null && first !== "doubtful") return first;
  if (claimed.deleted) return "lead_deleted";
  if (claimed.phone !== frozen.phone) return "number_changed";
  const second = blockedReason(rules, claimed);
  if (second === "doubtful") return "pending";
  if (second !== null) return second;
  if (needsLastName && claimed.lastName === null) return "missing_variable";
  if (!openingAt(rules, claimed, at).open) return "pending";
  return rules.cap !== null && claimed.recent >= rules.cap ? "frequency_cap" : "sent";
}

/** What the carrier's special numbers make of a text, and with which error. */
export function statusOf(
  phone: string,
): { status: string[]; code: string | null; carried: boolean } {
  const ends = (status: string[], code: string | null = null, carried = true) => ({
    status,
    code,
    carried,
  });
  switch (phone.slice(-4)) {
    case "0001":
      return ends(["failed"], "21211", false);
    case "0003":
      return ends(["undelivered"], "30003");
    case "0004":
      return ends(["failed"], "21610", false);
    case "0005":
      return ends(["undelivered"], "30005");
    case "0007":
      return ends(["undelivered"], "30007");
    case "0061":
      // Nobody reports it; only asking the provider would tell.
      return ends(["sent", "delivered"]);
    default:
      return ends(["delivered"]);
  }
}
