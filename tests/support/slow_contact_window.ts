/*
 * When a text may arrive, plainly and slowly: the rows read minute by minute, with the clocks of Intl instead of
 * PostgreSQL's.
 */
import type postgres from "postgres";
import type { Case, Opening } from "./contact_window.ts";

type Time = string | null;

interface Window {
  country: string;
  region: string | null;
  weekdays: number[];
  holidays: boolean;
  opens: Time;
  closes: Time;
  effective_from: string;
  effective_to: string | null;
}

/** The rows of the law and of the numbering plan. */
export interface Rows {
  windows: Window[];
  holidays: Set<string>;
  areaCodes: Map<string, { country: string; region: string | null; time_zones: string[] }>;
  regions: Map<string, string[]>;
  /** Of whole countries. */
  countries: Map<string, string[]>;
  callingCodes: Map<string, string>;
}

/** Whose law holds somewhere, and what the clocks show there. */
interface Place {
  country: string | null;
  region: string | null;
  zone: string;
}

export const MINUTE = 60_000;
const HORIZON = 14 * 24 * 60;

/** Reads them. */
export async function rowsOf(sql: postgres.Sql): Promise<Rows> {
  const windows = await sql<
    Window[]
  >`select country, region, weekdays, holidays, opens::text, closes::text,
    effective_from::text, effective_to::text from private.contact_windows`;
  const holidays = await sql`select country, region, day::text from private.holidays`;
  const codes = await sql`select * from private.area_codes`;
  const regions = await sql`select country, region, time_zones from private.region_zones`;
  const countries = await sql`select country, time_zones from private.country_zones`;
  const callingCodes = await sql`select prefix, country from private.calling_codes`;
  return {
    windows: [...windows],
    holidays: new Set(holidays.map((h) => `${h["country"]}|${h["region"]}|${h["day"]}`)),
    areaCodes: new Map(
      codes.map((c) => [c["code"], {
        country: c["country"],
        region: c["region"],
        time_zones: c["time_zones"],
      }]),
    ),
    regions: new Map(regions.map((r) => [`${r["country"]}|${r["region"]}`, r["time_zones"]])),
    countries: new Map(countries.map((c) => [c["country"], c["time_zones"]])),
    callingCodes: new Map(callingCodes.map((c) => [c["prefix"], c["country"]])),
  };
}

const clocks = new Map<string, Intl.DateTimeFormat>();
const weekdays = new Map<string, number>();

/** What calendar and clock show somewhere at a moment. */
export function wall(zone: string, at: number): { day: string; weekday: number; time: string } {
  let clock = clocks.get(zone);
  if (!clock) {
    // sv-SE writes 2026-11-20 16:30.
    clock = new Intl.DateTimeFormat("sv-SE", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
    clocks.set(zone, clock);
  }
  const [day = "", time] = clock.format(at).split(" ");
  return { day, weekday: weekdayOf(day), time: `${time}:00` };
}

/** From 1, Monday, to 7. */
function weekdayOf(day: string): number {
  const known = weekdays.get(day);
  if (known) return known;
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
  weekdays.set(day, weekday);
  return weekday;
}

/** What the number says alone. */
function placesOfNumber(rows: Rows, { phone, home }: Case): Place[] {
  if (phone.startsWith("+1")) {
    const code = rows.areaCodes.get(phone.slice(2, 5));
    const country = code?.country ?? "US";
    const zones = code?.time_zones ?? rows.countries.get(country) ?? [];
    return zones.map((zone) => ({ country, region: code?.region ?? null, zone }));
  }
  const prefix = [4, 3, 2, 1].map((length) => phone.slice(1, 1 + length))
    .find((digits) => rows.callingCodes.has(digits));
  const country = rows.callingCodes.get(prefix ?? "") ?? null;
  const zones = rows.countries.get(country ?? "") ?? [home];
  return zones.map((zone) => ({ country, region: null, zone }));
}

/** Whether a stated zone agrees with the number. */
function fits(rows: Rows, stated: string, american: boolean, own: Place[]): boolean {
  if (american) {
    return [...rows.areaCodes.values()].some((code) => code.time_zones.includes(stated));
  }
  const year = new Date().getUTCFullYear();
  const days = [Date.UTC(year, 0, 15, 12), Date.UTC(year, 6, 15, 12)];
  return own.some(({ zone }) =>
    days.every((day) => JSON.stringify(wall(zone, day)) === JSON.stringify(wall(stated, day)))
  );
}

/** All places where a recipient may be. */
function placesOf(rows: Rows, wanted: Case): Place[] {
  const { region, stated } = wanted;
  const american = wanted.phone.startsWith("+1");
  const own = placesOfNumber(rows, wanted);
  const ownCountry = own[0]?.country ?? null;
  const country = wanted.country ?? (region === null ? null : ownCountry);
  const found = rows.regions.get(`${country}|${region ?? ""}`);
  if (found && (region || country === ownCountry)) {
    const address = found.map((zone) => ({ country, region: region || null, zone }));
    return american ? address : [...address, ...own];
  }
  const agrees = stated !== null && fits(rows, stated, american, own);
  const byNumber = agrees
    ? [{ country: ownCountry, region: own[0]?.region ?? null, zone: stated }]
    : own;
  if (country !== null && country !== ownCountry) {
    const zones = stated !== null
      ? [stated]
      : found ?? rows.countries.get(country) ?? own.slice(0, 1).map(({ zone }) => zone);
    return [...zones.map((zone) => ({ country, region: null, zone })), ...byNumber];
  }
  return stated === null || agrees
    ? byNumber
    : [{ country: ownCountry, region: own[0]?.region ?? null, zone: stated }, ...own];
}

function lawAllows(
  rows: Rows,
  country: string,
  region: string | null,
  at: ReturnType<typeof wall>,
): boolean {
  const holiday = rows.holidays.has(`${country}||${at.day}`) ||
    rows.holidays.has(`${country}|${region}|${at.day}`);
  return rows.windows.every((w) => {
    const binds = w.country === country && (w.region === null || w.region === region) &&
      w.effective_from <= at.day && (w.effective_to === null || w.effective_to >= at.day) &&
      (w.holidays ? holiday : w.weekdays.includes(at.weekday));
    return !binds ||
      (w.opens !== null && w.closes !== null && at.time >= w.opens && at.time < w.closes);
  });
}

function isQuiet(quiet: [string, string] | null, time: string): boolean {
  if (!quiet) return false;
  const [from, to] = quiet;
  return from < to ? time >= from && time < to : time >= from || time < to;
}

/** The first minute at which a text may arrive, and the first after it at which it may not. */
export function slowWindow(rows: Rows, wanted: Case): Opening {
  const byLaw = wanted.category === "marketing" && wanted.phone.startsWith("+1");
  const places = wanted.category === "marketing"
    ? placesOf(rows, wanted)
    : [{ country: null, region: null, zone: wanted.home }];
  const lawOf = ({ country }: Place) =>
    country !== null && rows.windows.some((w) => w.country === country) ? country : "US";
  const opens = (at: number) =>
    places.every((place) => {
      const here = wall(place.zone, at);
      return (!byLaw || lawAllows(rows, lawOf(place), place.region, here)) &&
        !isQuiet(wanted.quiet, here.time);
    });
  const start = wanted.at.getTime();
  const first = (from: number, open: boolean): Date | null => {
    for (let at = from; at <= start + HORIZON * MINUTE; at += MINUTE) {
      if (opens(at) === open) return new Date(at);
    }
    return null;
  };
  const sends_at = first(start, true);
  return {
    sends_at,
    closes_at: sends_at && (byLaw || wanted.quiet) ? first(sends_at.getTime(), false) : null,
    zone: [...new Set(places.map(({ zone }) => zone))].join(","),
  };
}
