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
}

export const MINUTE = 60_000;
const HORIZON = 14 * 24 * 60;
const UNKNOWN = ["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"];

/** Reads them. */
export async function rowsOf(sql: postgres.Sql): Promise<Rows> {
  const windows = await sql<
    Window[]
  >`select country, region, weekdays, holidays, opens::text, closes::text,
    effective_from::text, effective_to::text from private.contact_windows`;
  const holidays = await sql`select country, region, day::text from private.holidays`;
  const codes = await sql`select * from private.area_codes`;
  const regions = await sql`select country, region, time_zones from private.region_zones`;
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

/** A stated zone goes before the number's own; one outside North America counts beside them. */
function statedAndOwn(rows: Rows, stated: string | null, own: string[]): string[] {
  if (stated === null) return own;
  const american = [...rows.areaCodes.values()].some((code) => code.time_zones.includes(stated));
  return american ? [stated] : [stated, ...own];
}

function placeOf(rows: Rows, { phone, country, region, stated, home }: Case) {
  const code = rows.areaCodes.get(phone.slice(2, 5));
  if (!phone.startsWith("+1")) return { country, region, zones: [home] };
  const known = country ? rows.regions.get(`${country}|${region ?? ""}`) : undefined;
  return {
    country: country ?? code?.country ?? null,
    region: known ? region : (!country || code?.country === country) ? code?.region ?? null : null,
    zones: known ?? statedAndOwn(rows, stated, code?.time_zones ?? UNKNOWN),
  };
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
  const place = placeOf(rows, wanted);
  const zones = byLaw ? place.zones : [wanted.home];
  const country = rows.windows.some((w) => w.country === place.country)
    ? place.country ?? "US"
    : "US";
  const opens = (at: number) =>
    zones.every((zone) => {
      const here = wall(zone, at);
      return (!byLaw || lawAllows(rows, country, place.region, here)) &&
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
    zone: zones.join(","),
  };
}
