import { readTimestamp } from "../../supabase/functions/_shared/lead_import/values.ts";
import type { Place } from "./cells.ts";
import { microsOf } from "./legacy_id.ts";

const TIMESTAMP =
  /^\d{4}-\d\d-\d\d[ T]\d{1,2}:\d\d:\d\d(?:\.\d+)?\s*(?:Z|UTC|[+-]\d\d(?::?\d\d)?)?$/;

/** A time of an old service, read in the zone of the organization; or what is wrong with it. */
export function timestampOf(text: string, place: Place): string | { message: string } {
  const read = TIMESTAMP.test(text)
    ? { value: text }
    : readTimestamp(text, place.country, place.timeZone, { mayBeToCome: true });
  if ("message" in read) return read;
  const year = Number(read.value.slice(0, 4));
  if (year < 1990 || year > 2199) return { message: "This is not a plausible time." };
  try {
    const at = withoutZoneName(read.value, place.timeZone);
    microsOf(at);
    return at;
  } catch {
    return { message: "This time does not exist." };
  }
}

/** A local time with the name of its zone as a time in UTC; a time with an offset as it is. */
function withoutZoneName(text: string, timeZone: string): string {
  if (TIMESTAMP.test(text)) return text;
  const local = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`);
  // Twice, because the offset at the first guess may be that of the other side of a change of the clocks.
  let at = local;
  for (let guess = 0; guess < 2; guess++) at = local - offsetAt(at, timeZone);
  return new Date(at).toISOString();
}

/** By how many milliseconds the clocks of a zone are before UTC at a moment. */
function offsetAt(at: number, timeZone: string): number {
  const name = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" })
    .formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  const [, sign = "+", hours = "0", minutes = "0"] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** The day of a moment (ISO 8601 or PostgreSQL's text) on the clocks of a zone, as YYYY-MM-DD. */
export const localDay = (at: string, timeZone: string): string =>
  new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" })
    .format(Number(microsOf(at) / 1000n));
