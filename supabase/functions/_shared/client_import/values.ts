import { readDate } from "../lead_import/values.ts";
import type { Read } from "../lead_import/values.ts";
import { headerKey } from "../sheet/header_key.ts";

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** A day as people wrote it in ChurnGuard: a date, a month ("2021-03", "March 2021") or a year, which begin on their first day. */
export function readSince(text: string, country: string): string | undefined {
  const date = readDate(text, country);
  if ("value" in date) return date.value;
  const numeric = /^(\d{4})(?:[-/.](\d{1,2}))?$/.exec(text);
  const named = /^([a-z]{3})[a-z]*\.? (\d{4})$/i.exec(text);
  const year = numeric?.[1] ?? named?.[2];
  const month = named
    ? months.indexOf(named[1]?.toLowerCase() ?? "") + 1
    : Number(numeric?.[2] ?? 1);
  if (year === undefined || month < 1 || month > 12) return undefined;
  return `${year}-${String(month).padStart(2, "0")}-01`;
}

const earliest = "1950-01-01";

/** A day of service or of a contract, as `readSince` reads it. */
export function readDay(text: string, country: string): Read<string> {
  const day = readSince(text, country);
  if (day === undefined) return { message: "This is not a date. Write it like 2026-11-21." };
  return day < earliest || day >= "2200"
    ? { message: `This day is not between ${earliest} and 2199.` }
    : { value: day };
}

const REASONS: Record<string, string> = {
  price: "price expensive tooexpensive cost prix",
  service: "service quality support badservice outage outages",
  competitor: "competitor competition switched concurrent",
  moved: "moved relocation relocated demenagement",
  closed: "closed bankrupt bankruptcy outofbusiness insolvency",
  payment: "payment nonpayment unpaid arrears debt",
  other: "other autre",
  unknown: "unknown inconnu",
};
const INTERVALS: Record<string, string> = {
  month: "month monthly mensuel",
  quarter: "quarter quarterly trimestriel",
  year: "year yearly annual annually annuel",
};
const RISKS: Record<string, string> = {
  low: "low faible",
  medium: "medium moderate moyen",
  high: "high critical eleve",
};
/** left: needs the day; trial: begins a trial; the others say nothing that the days and the amount do not. */
const STATUSES: Record<string, string> = {
  left: "churned left inactive canceled cancelled lost former closed",
  trial: "trial",
  active: "active customer client current",
  prospect: "prospect triallost",
  paused: "paused leaving",
};

function wordReader(
  words: Record<string, string>,
  message: string,
): (text: string) => Read<string> {
  const known = new Map(
    Object.entries(words).flatMap(([key, names]) => names.split(" ").map((name) => [name, key])),
  );
  return (text) => {
    const value = known.get(headerKey(text));
    return value === undefined ? { message } : { value };
  };
}

const listed = (words: Record<string, string>) =>
  `This must be one of: ${Object.keys(words).join(", ")}.`;

/** Why a client left. Another reason than the known ones is `other`: what people wrote must not cost the row. */
export const readReason = (text: string): Read<string> => {
  const read = wordReader(REASONS, "")(text);
  return "value" in read ? read : { value: "other" };
};
export const readInterval = wordReader(INTERVALS, listed(INTERVALS));
export const readRisk = wordReader(RISKS, listed(RISKS));
export const readStatus = wordReader(STATUSES, "This is not a status of a client.");
